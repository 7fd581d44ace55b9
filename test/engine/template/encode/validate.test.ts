import {describe, expect, it} from 'vitest';
import {parseJson} from '../../../../src/base/json.ts';
import {Refusal} from '../../../../src/engine/contract/refusal.ts';
import type {TemplateVersion} from '../../../../src/engine/contract/requests.ts';
import {TEMPLATES} from '../../../../src/engine/contract/templates.ts';
import {type ValidationMode, validateRequest} from '../../../../src/engine/template/encode/validate.ts';
import {readChatRequest} from '../../../../src/engine/wire/read-request.ts';

function refusalOf(body: string, version: TemplateVersion, mode: ValidationMode = 'test'): Refusal | undefined {
  try {
    validateRequest(readChatRequest(parseJson(body)).request, TEMPLATES[version], mode);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const USER = '{"role": "user", "content": "a"}';
const call = (id: string, name = 'f') =>
  `{"role": "assistant", "tool_calls": [{"id": "${id}", "function": {"name": "${name}", "arguments": "{}"}}]}`;
const result = (id: string) => `{"role": "tool", "tool_call_id": "${id}", "content": "x"}`;
const chat = (...messages: string[]) => `{"messages": [${messages.join(', ')}]}`;
const withTool = (definition: string) => `{"messages": [${USER}], "tools": [{"function": ${definition}}]}`;

const cases: readonly (readonly [body: string, version: TemplateVersion, refusal: string, param: string])[] = [
  [chat(), 'v3', 'InvalidMessageStructureException', 'messages'],
  [chat(result('abcdefghi')), 'v3', 'InvalidMessageStructureException', 'messages[0].role'],
  [chat(USER, '{"role": "assistant", "content": "b"}'), 'v3', 'InvalidMessageStructureException', 'messages[1]'],
  [chat(USER, result('abcdefghi')), 'v3', 'InvalidMessageStructureException', 'messages[1].role'],
  [
    chat(USER, call('abcdefghi'), USER, call('abcdefghj'), USER),
    'v3',
    'InvalidMessageStructureException',
    'messages[3]',
  ],
  [
    chat(USER, call('abcdefghi'), result('abcdefghj')),
    'v11',
    'InvalidMessageStructureException',
    'messages[2].tool_call_id',
  ],
  [
    chat(USER, call('abcdefghi'), result('abcdefghi'), result('abcdefghi')),
    'v13',
    'InvalidMessageStructureException',
    'messages[3].tool_call_id',
  ],
  [chat(USER, call('short'), USER), 'v3', 'InvalidFunctionCallException', 'messages[1].tool_calls[0].id'],
  [
    chat(USER, call('abcdefghi', 'no name'), USER),
    'v7',
    'InvalidFunctionCallException',
    'messages[1].tool_calls[0].function.name',
  ],
  [chat(USER, call('abcdefghi'), result('short')), 'v3', 'InvalidToolMessageException', 'messages[2].tool_call_id'],
  [
    chat(USER, call('abcdefghi'), '{"role": "tool", "content": "x"}'),
    'v3',
    'InvalidRequestException',
    'messages[2].tool_call_id',
  ],
  [
    chat(USER, call('abcdefghi'), '{"role": "tool", "content": "x", "name": "no name"}'),
    'v2',
    'InvalidToolMessageException',
    'messages[2].name',
  ],
  [chat(USER, '{"role": "assistant", "content": ""}', USER), 'v3', 'InvalidAssistantMessageException', 'messages[1]'],
  [
    chat(USER, '{"role": "assistant", "content": "b", "prefix": true}', USER),
    'v7',
    'InvalidAssistantMessageException',
    'messages[1].prefix',
  ],
  [
    chat(USER, '{"role": "assistant", "content": [{"type": "thinking", "thinking": "b"}]}', USER),
    'v7',
    'InvalidAssistantMessageException',
    'messages[1].content[0].type',
  ],
  [
    chat('{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}'),
    'v2',
    'InvalidUserMessageException',
    'messages[0].content[1].type',
  ],
  [
    chat('{"role": "system", "content": [{"type": "thinking", "thinking": "b"}]}'),
    'v15',
    'InvalidSystemPromptException',
    'messages[0].content[0].type',
  ],
  [
    withTool('{"name": "f", "parameters": {"type": "objekt"}}'),
    'v3',
    'InvalidToolSchemaException',
    'tools[0].function.parameters',
  ],
  [
    withTool('{"name": "f", "parameters": {"pattern": "["}}'),
    'v3',
    'InvalidToolSchemaException',
    'tools[0].function.parameters',
  ],
  [withTool('{"name": "no name", "parameters": {}}'), 'v3', 'InvalidToolException', 'tools[0].function.name'],
  [`{"messages": [${USER}], "reasoning_effort": "high"}`, 'v13', 'InvalidRequestException', 'reasoning_effort'],
];

describe('validateRequest', () => {
  for (const [body, version, refusal, param] of cases) {
    it(`${version}: ${refusal} at ${param}`, () => {
      expect(refusalOf(body, version)).toMatchObject({refusal, param, code: 'invalid_request', exitCode: 2});
    });
  }

  it('wants every call to have an id, and to be answered when a model is asked to go on', () => {
    const open = chat(USER, call('abcdefghi'), USER);
    const nameless = chat(USER, call('null'), result('abcdefghi'));
    for (const version of ['v3', 'v7', 'v11'] as const) {
      expect(refusalOf(open, version)).toBeUndefined();
      expect(refusalOf(open, version, 'serving')).toMatchObject({refusal: 'InvalidMessageStructureException'});
    }
    for (const version of ['v3', 'v7'] as const) {
      expect(refusalOf(nameless, version)).toMatchObject({refusal: 'InvalidFunctionCallException'});
    }
    expect(refusalOf(nameless, 'v2')).toBeUndefined();
  });
});

describe('regular expressions in tool schemas', () => {
  const accepted = (pattern: string) =>
    refusalOf(withTool(`{"name": "f", "parameters": {"pattern": ${JSON.stringify(pattern)}}}`), 'v3') === undefined;

  it('are read as Python reads them', () => {
    const good = [
      '^a+$',
      '\\d{3}',
      '(?P<n>x)(?P=n)',
      '(?i)x',
      '(?i:x)',
      'a++',
      '(?>a)',
      '(?#note)a',
      '(?<=a)b',
      '\\Aa\\Z',
      '\\\\q',
    ];
    const bad = ['[', '(', '*a', 'x{2,1}', '(?<n>x)', '\\p{L}', '\\q'];
    expect(good.filter((pattern) => !accepted(pattern))).toEqual([]);
    expect(bad.filter(accepted)).toEqual([]);
  });
});
