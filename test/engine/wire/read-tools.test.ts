import {describe, expect, it} from 'vitest';
import {dumpsJson, parseJson} from '../../../src/base/json.ts';
import {readChatRequest} from '../../../src/engine/wire/read-request.ts';
import {readToolFile} from '../../../src/engine/wire/read-tools.ts';
import {toolToWire} from '../../../src/engine/wire/write-messages.ts';

const FUNCTION = '{"name": "f", "description": "d", "parameters": {"1": 1.0, "0": 2}}';
const TOOL = `{"type": "function", "function": ${FUNCTION}}`;

describe('readToolFile', () => {
  for (const text of [
    `[${TOOL}]`,
    `[${FUNCTION}]`,
    `{"tools": [${TOOL}]}`,
    `[{"type": "function", ${FUNCTION.slice(1)}]`,
  ]) {
    it(`reads ${text}`, () => {
      const [tool, ...others] = readToolFile(parseJson(text));
      expect(others).toEqual([]);
      expect(tool && dumpsJson(toolToWire(tool))).toBe(TOOL);
    });
  }

  it('fills in what OpenAI leaves out, and knows strict tools', () => {
    expect(readToolFile(parseJson('[{"type": "function", "function": {"name": "f", "strict": true}}]'))).toEqual([
      {name: 'f', description: '', parameters: new Map(), strict: true},
    ]);
  });

  const faults: readonly (readonly [text: string, message: string])[] = [
    ['{"name": "f"}', 'tools must be a list of tools.'],
    ['"f"', 'tools must be a list of tools.'],
    ['[3]', 'tools[0] must be an object.'],
    ['[{"type": "function"}]', 'tools[0].function is missing.'],
    ['[{"type": "retrieval", "function": {}}]', 'tools[0].type must be "function".'],
    ['[{"name": "f", "color": 1}]', 'Unknown field tools[0].color.'],
    ['[{"type": "function", "function": {"name": "f", "x": 1}}]', 'Unknown field tools[0].function.x.'],
    ['[{"name": "f", "parameters": []}]', 'tools[0].parameters must be an object (a JSON schema).'],
    ['[{"name": 5}]', 'tools[0].name must be a string.'],
    ['[{"description": "x", "function": {"name": "f"}}]', 'Unknown field tools[0].description.'],
  ];
  for (const [text, message] of faults) {
    it(`refuses ${text}`, () => {
      expect(() => readToolFile(parseJson(text))).toThrow(message);
    });
  }
});

describe('tools of a request', () => {
  it('need parameters, as in mistral-common, unless the dialect is lenient', () => {
    const body = parseJson('{"messages": [], "tools": [{"function": {"name": "f"}}]}');
    expect(() => readChatRequest(body)).toThrow('tools[0].function.parameters is missing.');
    expect(readChatRequest(body, {dialect: 'lenient'}).request.tools).toEqual([
      {name: 'f', description: '', parameters: new Map()},
    ]);
  });

  const choices: readonly (readonly [text: string, choice: unknown])[] = [
    ['"auto"', 'auto'],
    ['"none"', 'none'],
    ['"any"', 'any'],
    ['"required"', 'any'],
    ['{"type": "function", "function": {"name": "f"}}', {name: 'f'}],
  ];
  for (const [text, choice] of choices) {
    it(`reads tool_choice ${text}`, () => {
      expect(readChatRequest(parseJson(`{"messages": [], "tool_choice": ${text}}`)).request.toolChoice).toEqual(choice);
    });
  }

  describe('allowed_tools', () => {
    const tools = '[{"function": {"name": "f"}}, {"function": {"name": "g"}}, {"function": {"name": "h"}}]';
    const allowed = (text: string) =>
      parseJson(
        `{"messages": [], "tools": ${tools}, "tool_choice": {"type": "allowed_tools", "allowed_tools": ${text}}}`,
      );
    const lenient = (text: string) => readChatRequest(allowed(text), {dialect: 'lenient'}).request;

    it('offers the tools it names, in the order of the list, with a choice among them', () => {
      const request = lenient(
        '{"mode": "required", "tools": [{"function": {"name": "h"}}, {"function": {"name": "f"}}]}',
      );
      expect(request.tools?.map(({name}) => name)).toEqual(['f', 'h']);
      expect(request.toolChoice).toBe('any');
      expect(lenient('{"mode": "auto", "tools": []}')).toMatchObject({tools: [], toolChoice: 'auto'});
    });

    it('is not in the strict dialect', () => {
      const alone =
        '{"messages": [], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}}';
      expect(() => readChatRequest(parseJson(alone))).toThrow('Unknown field tool_choice.allowed_tools.');
    });

    it.each([
      ['{"tools": []}', 'tool_choice.allowed_tools.mode is missing.'],
      ['{"mode": "maybe", "tools": []}', 'tool_choice.allowed_tools.mode must be auto or required.'],
      ['{"mode": "auto"}', 'tool_choice.allowed_tools.tools is missing.'],
      ['{"mode": "auto", "tools": [{"function": {}}]}', 'tool_choice.allowed_tools.tools[0].function.name is missing.'],
    ])('is refused by the path of its fault: %s', (text, message) => {
      expect(() => lenient(text)).toThrow(message);
    });
  });

  it('refuses any other tool_choice', () => {
    expect(() => readChatRequest(parseJson('{"messages": [], "tool_choice": "maybe"}'))).toThrow('tool_choice must be');
    expect(() => readChatRequest(parseJson('{"messages": [], "tool_choice": {"function": {}}}'))).toThrow(
      'tool_choice.function.name is missing.',
    );
  });
});
