import {describe, expect, it} from 'vitest';
import {atOnce} from '../../../../src/base/in-turns.ts';
import {parseJson} from '../../../../src/base/json.ts';
import type {ChatCompletionRequest, TemplateVersion, Tool} from '../../../../src/engine/contract/requests.ts';
import type {Tokenizer} from '../../../../src/engine/contract/tokenizer.ts';
import {requestGrammar, schemaNotes} from '../../../../src/engine/template/encode/answer-grammar.ts';
import {Gbnf, type GbnfInput} from '../../../fakes/gbnf.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

const TOOL_CALLS = 9;
const ARGS = 32;
const CALL_ID = 33;
const CITY = parseJson('{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}');
const weather: Tool = {name: 'get_weather', description: '', parameters: CITY};
const noop: Tool = {name: 'noop', description: '', parameters: parseJson('{"type": "object", "properties": {}}')};

type Options = Pick<ChatCompletionRequest, 'toolChoice' | 'responseFormat' | 'tools'>;

const tekken = toyTokenizer();
const spm: Tokenizer = {...tekken, family: 'spm'};

function plan(version: TemplateVersion, options: Options, tokenizer = tekken) {
  const request = {messages: [], sampling: {temperature: 0}, tools: [weather, noop], ...options};
  return atOnce(requestGrammar(request, tokenizer, version));
}

function accepts(version: TemplateVersion, options: Options, input: GbnfInput, tokenizer = tekken): boolean {
  return new Gbnf(plan(version, options, tokenizer).grammar?.gbnf ?? '').accepts(...input);
}

const ONE = '{"name": "get_weather", "arguments": {"city": "Paris"}}';

describe('any call', () => {
  const any = {toolChoice: 'any'} as const;

  it('is an array behind the control token up to v7', () => {
    for (const version of ['v2', 'v3', 'v7'] as const) {
      expect(accepts(version, any, [TOOL_CALLS, `[${ONE}]`])).toBe(true);
      expect(accepts(version, any, [TOOL_CALLS, `[${ONE}, {"name": "noop", "arguments": {}}]`])).toBe(true);
      expect(accepts(version, any, [`[${ONE}]`])).toBe(false);
      expect(accepts(version, any, [TOOL_CALLS, '[]'])).toBe(false);
      expect(accepts(version, any, [TOOL_CALLS, '[{"name": "other", "arguments": {}}]'])).toBe(false);
      expect(accepts(version, any, [TOOL_CALLS, '[{"name": "get_weather", "arguments": {"town": "Paris"}}]'])).toBe(
        false,
      );
      expect(accepts(version, any, [TOOL_CALLS, `[${Array(8).fill(ONE).join(', ')}]`])).toBe(true);
      expect(accepts(version, any, [TOOL_CALLS, `[${Array(9).fill(ONE).join(', ')}]`])).toBe(false);
    }
  });

  it('may carry an id where the template has one', () => {
    const withId = `[${ONE.slice(0, -1)}, "id": "abcABC123"}]`;
    expect(accepts('v2', any, [TOOL_CALLS, withId])).toBe(false);
    expect(accepts('v3', any, [TOOL_CALLS, withId])).toBe(true);
    expect(accepts('v11', any, [TOOL_CALLS, 'noop', CALL_ID, 'abcABC123', ARGS, '{}'])).toBe(true);
    expect(accepts('v13', any, [TOOL_CALLS, 'noop', CALL_ID, 'abcABC123', ARGS, '{}'])).toBe(false);
  });

  it('is a name, [ARGS] and an object from v11 on', () => {
    for (const version of ['v11', 'v13', 'v15'] as const) {
      expect(accepts(version, any, [TOOL_CALLS, 'get_weather', ARGS, '{"city": "Paris"}'])).toBe(true);
      expect(accepts(version, any, [TOOL_CALLS, 'noop', ARGS, '{}', TOOL_CALLS, 'noop', ARGS, '{}'])).toBe(true);
      expect(accepts(version, any, [TOOL_CALLS, 'noop', ARGS, '{"a": 1}'])).toBe(false);
      expect(accepts(version, any, [TOOL_CALLS, 'noop', '{}'])).toBe(false);
      expect(accepts(version, any, ['text', TOOL_CALLS, 'noop', ARGS, '{}'])).toBe(false);
    }
  });

  it('may begin with the word mark of SPM', () => {
    expect(accepts('v3', any, [TOOL_CALLS, ` [${ONE}]`], spm)).toBe(true);
    expect(accepts('v3', any, [TOOL_CALLS, ` [${ONE}]`])).toBe(false);
    expect(accepts('v11', any, [TOOL_CALLS, ' noop', ARGS, ' {}'], spm)).toBe(true);
  });
});

describe('a named call', () => {
  it('is one call of that tool', () => {
    const named = {toolChoice: {name: 'noop'}} as const;
    expect(accepts('v3', named, [TOOL_CALLS, '[{"name": "noop", "arguments": {}}]'])).toBe(true);
    expect(accepts('v3', named, [TOOL_CALLS, `[${ONE}]`])).toBe(false);
    expect(accepts('v13', named, [TOOL_CALLS, 'noop', ARGS, '{}', TOOL_CALLS, 'noop', ARGS, '{}'])).toBe(false);
  });

  it('needs a tool of that name', () => {
    expect(() => plan('v3', {toolChoice: {name: 'other'}})).toThrow('There is no tool "other" to call.');
    expect(() => plan('v3', {toolChoice: 'any', tools: []})).toThrow('no tools were given');
  });

  it('cannot be made with v1, or without its token', () => {
    expect(() => plan('v1', {toolChoice: 'any'})).toThrow('Template v1 knows no tool calls.');
    expect(() => plan('v3', {toolChoice: 'any'}, toyTokenizer(['[TOOL_CALLS]']))).toThrow('knows no tool calls');
    expect(() => plan('v13', {toolChoice: 'any'}, toyTokenizer(['[ARGS]']))).toThrow('has no token [ARGS]');
  });
});

describe('a free choice', () => {
  it('starts its grammar behind the control token', () => {
    const {grammar, forbidden} = plan('v3', {});
    expect(grammar?.after).toBe(TOOL_CALLS);
    expect(forbidden).toEqual([]);
    expect(accepts('v3', {}, [`[${ONE}]`])).toBe(true);
    expect(accepts('v13', {}, ['noop', ARGS, '{}', TOOL_CALLS, 'noop', ARGS, '{}'])).toBe(true);
  });

  it('has no grammar without tools, or with v1', () => {
    expect(plan('v3', {tools: []})).toEqual({forbidden: []});
    expect(plan('v1', {})).toEqual({forbidden: []});
  });

  it('forbids the token when no call is wanted', () => {
    expect(plan('v3', {toolChoice: 'none'})).toEqual({forbidden: [TOOL_CALLS]});
  });
});

describe('answers in JSON', () => {
  const object = {responseFormat: {type: 'json_object'}} as const;
  const schema = {responseFormat: {type: 'json_schema', schema: CITY}} as const;

  it('are an object, or fit the schema', () => {
    expect(accepts('v3', {...object, tools: []}, ['{\n  "a": [1]\n}'])).toBe(true);
    expect(accepts('v3', {...object, tools: []}, ['[1]'])).toBe(false);
    expect(accepts('v1', {...schema, tools: []}, ['{"city": "Paris"}'])).toBe(true);
    expect(accepts('v3', {...schema, tools: []}, ['{"town": "Paris"}'])).toBe(false);
    expect(accepts('v3', {...schema, tools: []}, [' {"city": "Paris"}'], spm)).toBe(true);
  });

  it('leave room for calls where tools are offered', () => {
    expect(accepts('v3', schema, ['{"city": "Paris"}'])).toBe(true);
    expect(accepts('v3', schema, [TOOL_CALLS, `[${ONE}]`])).toBe(true);
    expect(accepts('v3', {...schema, toolChoice: 'none'}, [TOOL_CALLS, `[${ONE}]`])).toBe(false);
  });

  it('are refused beside a call that is demanded', () => {
    const error = {refusal: 'InvalidRequestException', param: 'tool_choice'};
    for (const toolChoice of ['any', {name: 'noop'}] as const) {
      for (const format of [object, schema]) {
        expect(() => plan('v13', {...format, toolChoice})).toThrow(expect.objectContaining(error));
      }
    }
    expect(plan('v13', {responseFormat: {type: 'text'}, toolChoice: 'any'}).grammar).toBeDefined();
  });

  it('say what they cannot enforce, unless no call is made', () => {
    const parameters = parseJson('{"properties": {"at": {"type": "array", "uniqueItems": true}}}');
    const tools = [{name: 'f', description: '', parameters}];
    expect(atOnce(schemaNotes({tools}))).toEqual(['f#/properties/at/uniqueItems: "uniqueItems" is not enforced']);
    expect(atOnce(schemaNotes({tools, toolChoice: 'none'}))).toEqual([]);
    const schema = parseJson('{"type": "array", "contains": true}');
    expect(atOnce(schemaNotes({responseFormat: {type: 'json_schema', schema}}))).toEqual([
      '/contains: "contains" is not enforced',
    ]);
  });
});
