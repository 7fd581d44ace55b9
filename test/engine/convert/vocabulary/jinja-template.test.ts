import {Template} from '@huggingface/jinja';
import {expect, test} from 'vitest';
import type {TemplateVersion} from '../../../../src/engine/contract/requests.ts';
import {chatTemplate} from '../../../../src/engine/convert/vocabulary/jinja-template.ts';

const tools = [{type: 'function', function: {name: 'f', description: 'd', parameters: {type: 'object'}}}];
const call = {id: 'abcdefghi', type: 'function', function: {name: 'f', arguments: {x: 1}}};
const talk = [
  {role: 'system', content: 'S'},
  {role: 'user', content: 'U1'},
  {role: 'assistant', content: 'A1'},
  {role: 'user', content: [{type: 'text', text: 'U2'}]},
];
const work = [
  ...talk,
  {role: 'assistant', content: '', tool_calls: [call]},
  {role: 'tool', tool_call_id: 'abcdefghi', name: 'f', content: '42'},
];
const OFFER =
  '[AVAILABLE_TOOLS][{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}][/AVAILABLE_TOOLS]';

function render(version: TemplateVersion, values: object): string {
  return new Template(chatTemplate(version)).render({bos_token: '<s>', eos_token: '</s>', ...values});
}

// The same texts came out of jinja2 and of llama.cpp's own engine (v0.5.0); those with tools below out of jinja2.
test.each<[TemplateVersion, string]>([
  ['v1', '<s>[INST] S\n\nU1 [/INST] A1</s>[INST] U2 [/INST]'],
  ['v2', '<s>[INST]U1[/INST]A1</s>[INST]S\n\nU2[/INST]'],
  ['v3', '<s>[INST]U1[/INST]A1</s>[INST]S\n\nU2[/INST]'],
  ['v7', '<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]U1[/INST]A1</s>[INST]U2[/INST]'],
  ['v13', '<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]U1[/INST]A1</s>[INST]U2[/INST]'],
])('a chat in %s', (version, text) => {
  expect(render(version, {messages: talk})).toBe(text);
});

test.each<[TemplateVersion, string]>([
  [
    'v3',
    `<s>[INST]U1[/INST]A1</s>${OFFER}[INST]S\n\nU2[/INST][TOOL_CALLS][{"name": "f", "arguments": {"x": 1}, "id": "abcdefghi"}]</s>[TOOL_RESULTS]{"content": "42", "call_id": "abcdefghi"}[/TOOL_RESULTS]`,
  ],
  [
    'v7',
    `<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]U1[/INST]A1</s>${OFFER}[INST]U2[/INST][TOOL_CALLS][{"name": "f", "arguments": {"x": 1}, "id": "abcdefghi"}]</s>[TOOL_RESULTS]abcdefghi[TOOL_CONTENT]42[/TOOL_RESULTS]`,
  ],
  [
    'v11',
    `<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]U1[/INST]A1</s>${OFFER}[INST]U2[/INST][TOOL_CALLS]f[CALL_ID]abcdefghi[ARGS]{"x": 1}</s>[TOOL_RESULTS]abcdefghi[TOOL_CONTENT]42[/TOOL_RESULTS]`,
  ],
  [
    'v13',
    `<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT]${OFFER}[INST]U1[/INST]A1</s>[INST]U2[/INST][TOOL_CALLS]f[ARGS]{"x": 1}</s>[TOOL_RESULTS]42[/TOOL_RESULTS]`,
  ],
])('tools in %s', (version, text) => {
  expect(render(version, {messages: work, tools})).toBe(text);
});

test('reasoning is told to versions that know it', () => {
  const messages = [
    {role: 'user', content: 'U'},
    {
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'T'},
        {type: 'text', text: 'A'},
      ],
    },
  ];
  expect(render('v15', {messages, reasoning_effort: 'high'})).toBe(
    '<s>[MODEL_SETTINGS]{"reasoning_effort": "high"}[/MODEL_SETTINGS][INST]U[/INST][THINK]T[/THINK]A</s>',
  );
  expect(() => render('v7', {messages})).toThrow('only text can be read');
});

test('a role a version does not know is refused', () => {
  expect(() => render('v1', {messages: work})).toThrow('template v1 knows no role tool');
});

test('a conversation that names no effort has the default of the tokenizer file', () => {
  const settings = (effort?: string) => {
    const values = {messages: [{role: 'user', content: 'U'}], ...(effort && {reasoning_effort: effort})};
    return new Template(chatTemplate('v15', 'high')).render({bos_token: '<s>', eos_token: '</s>', ...values});
  };
  expect(settings()).toBe('<s>[MODEL_SETTINGS]{"reasoning_effort": "high"}[/MODEL_SETTINGS][INST]U[/INST]');
  expect(settings('none')).toBe('<s>[MODEL_SETTINGS]{"reasoning_effort": "none"}[/MODEL_SETTINGS][INST]U[/INST]');
  expect(chatTemplate('v13', 'high')).not.toContain('high');
});
