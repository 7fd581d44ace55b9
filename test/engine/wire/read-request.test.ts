import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Json, parseJson} from '../../../src/base/json.ts';
import {Refusal} from '../../../src/engine/contract/refusal.ts';
import {readChatRequest, readFimRequest, type WireOptions} from '../../../src/engine/wire/read-request.ts';

const read = (text: string, options: WireOptions = {}) => readChatRequest(parseJson(text), options);
const HELLO = '"messages": [{"role": "user", "content": "a"}]';

describe('readChatRequest', () => {
  it('reads every spelling of the sampling fields', () => {
    const body = `{${HELLO}, "model": "m", "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "seed": 7,
      "repetition_penalty": 1.1, "frequency_penalty": -1, "presence_penalty": 1, "no_repeat_ngram_size": 3,
      "logit_bias": {"10": -100, "2": 5}, "max_completion_tokens": 0, "stop": ["x", ""], "logprobs": true,
      "top_logprobs": 2}`;
    expect(read(body)).toEqual({
      model: 'm',
      ignored: [],
      request: {
        messages: [{role: 'user', content: 'a'}],
        sampling: {
          temperature: 0.5,
          topP: 0.9,
          topK: 40,
          minP: 0.05,
          seed: 7,
          repeatPenalty: 1.1,
          frequencyPenalty: -1,
          presencePenalty: 1,
          noRepeatNgramSize: 3,
          logitBias: new Map([
            [10, -100],
            [2, 5],
          ]),
          maxTokens: 0,
          stop: ['x'],
          topLogprobs: 2,
        },
      },
    });
  });

  it('takes defaults where the request is silent or null', () => {
    const {sampling} = read(`{${HELLO}, "temperature": null, "stop": "x"}`, {
      sampling: {temperature: 0.7, topP: 0.8},
    }).request;
    expect(sampling).toEqual({temperature: 0.7, topP: 0.8, stop: ['x']});
  });

  it('reduces wide seeds and takes -1 as none', () => {
    expect(read(`{${HELLO}, "random_seed": 18446744073709551617}`).request.sampling.seed).toBe(1);
    expect(read(`{${HELLO}, "seed": -1}`).request.sampling.seed).toBeUndefined();
  });

  it('reads the response format', () => {
    const format = (text: string) => read(`{${HELLO}, "response_format": ${text}}`).request.responseFormat;
    expect(format('{"type": "json_object"}')).toEqual({type: 'json_object'});
    expect(format('{"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "null"}}}')).toEqual({
      type: 'json_schema',
      schema: new Map([['type', 'null']]),
    });
    expect(() => format('{"type": "json_schema"}')).toThrow('response_format.json_schema is missing.');
    expect(() => format('{"type": "xml"}')).toThrow('response_format.type must be');
  });

  it('reads continuation, truncation and reasoning effort', () => {
    const body = `{${HELLO}, "continue_final_message": true, "truncate_for_context_length": true, "reasoning_effort": "high"}`;
    expect(read(body).request).toMatchObject({
      continueFinalMessage: true,
      truncateForContextLength: true,
      reasoningEffort: 'high',
    });
  });

  it.each([
    ['none', 'none'],
    ['minimal', 'none'],
    ['low', 'high'],
    ['medium', 'high'],
    ['high', 'high'],
    ['xhigh', 'high'],
  ])("reads other makers' effort %s as %s, leniently", (effort, meant) => {
    const body = `{${HELLO}, "reasoning_effort": "${effort}"}`;
    expect(read(body, {dialect: 'lenient'}).request.reasoningEffort).toBe(meant);
  });

  it('names the efforts there are', () => {
    const body = `{${HELLO}, "reasoning_effort": "lots"}`;
    expect(() => read(body)).toThrow('reasoning_effort must be none or high.');
    expect(() => read(body, {dialect: 'lenient'})).toThrow(
      'reasoning_effort must be none, minimal, low, medium, high or xhigh.',
    );
  });

  it('refuses unknown fields, or reports them to a lenient reader', () => {
    const body = `{${HELLO}, "verbosity": "low"}`;
    expect(() => read(body)).toThrow('Unknown field verbosity.');
    expect(read(body, {dialect: 'lenient'}).ignored).toEqual(['verbosity']);
  });

  const faults: readonly (readonly [body: string, param: string])[] = [
    ['{}', 'messages'],
    ['{"messages": {}}', 'messages'],
    ['{"messages": [5]}', 'messages[0]'],
    ['{"messages": [{"content": "a"}]}', 'messages[0].role'],
    ['{"messages": [{"role": "developer", "content": "a"}]}', 'messages[0].role'],
    ['{"messages": [{"role": "user"}]}', 'messages[0].content'],
    ['{"messages": [{"role": "user", "content": 5}]}', 'messages[0].content'],
    ['{"messages": [{"role": "user", "content": "a", "name": "x"}]}', 'messages[0].name'],
    ['{"messages": [{"role": "user", "content": [{"type": "text"}]}]}', 'messages[0].content[0].text'],
    ['{"messages": [{"role": "user", "content": [{"type": "file"}]}]}', 'messages[0].content[0].type'],
    ['{"messages": [{"role": "tool", "content": null}]}', 'messages[0].content'],
    ['{"messages": [{"role": "assistant", "prefix": 1}]}', 'messages[0].prefix'],
    ['{"messages": [{"role": "assistant", "tool_calls": [{}]}]}', 'messages[0].tool_calls[0].function'],
    [
      '{"messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]}',
      'messages[0].tool_calls[0].function.name',
    ],
    [
      '{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": []}}]}]}',
      'messages[0].tool_calls[0].function.arguments',
    ],
    [`{${HELLO}, "temperature": "hot"}`, 'temperature'],
    [`{${HELLO}, "temperature": NaN}`, 'temperature'],
    [`{${HELLO}, "temperature": -1}`, 'temperature'],
    [`{${HELLO}, "max_tokens": 1.5}`, 'max_tokens'],
    [`{${HELLO}, "stop": [1]}`, 'stop'],
    [`{${HELLO}, "seed": 1.5}`, 'seed'],
    [`{${HELLO}, "logit_bias": {"x": 1}}`, 'logit_bias'],
    [`{${HELLO}, "logit_bias": {"5": 1000}}`, 'logit_bias.5'],
    [`{${HELLO}, "reasoning_effort": "medium"}`, 'reasoning_effort'],
  ];
  for (const [body, param] of faults) {
    it(`names ${param} in ${body}`, () => {
      expect(() => read(body)).toThrow(Refusal);
      expect(() => read(body)).toThrow(expect.objectContaining({param, refusal: 'ValidationError'}));
    });
  }

  it('refuses a document that is no object', () => {
    expect(() => read('[]')).toThrow('The document must be an object.');
  });
});

describe('any document', () => {
  const names = [
    'role',
    'content',
    'type',
    'text',
    'thinking',
    'tool_calls',
    'function',
    'name',
    'arguments',
    'id',
    'stop',
  ];
  const requestNames = [
    'messages',
    'tools',
    'tool_choice',
    'response_format',
    'json_schema',
    'schema',
    'logit_bias',
    'seed',
  ];
  const words = ['user', 'assistant', 'tool', 'system', 'text', 'thinking', 'function', 'auto', 'json_schema', ''];
  const {value} = fc.letrec<{value: unknown}>((tie) => ({
    value: fc.oneof(
      {depthSize: 'medium'},
      fc.constantFrom<unknown>(...words, null, true, 1, 0.5, -1),
      fc.array(tie('value'), {maxLength: 3}),
      fc.dictionary(fc.constantFrom(...names, ...requestNames), tie('value'), {maxKeys: 5}),
    ),
  }));
  const document = fc.dictionary(fc.constantFrom(...requestNames, 'prompt', 'temperature'), value, {maxKeys: 5});

  it('is read or refused', () => {
    const readers: readonly ((body: Json) => unknown)[] = [
      (body) => readChatRequest(body),
      (body) => readChatRequest(body, {dialect: 'lenient'}),
      (body) => readFimRequest(body),
    ];
    fc.assert(
      fc.property(document, fc.constantFrom(...readers), (body, reader) => {
        try {
          expect(reader(parseJson(JSON.stringify(body)))).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
    );
  });
});

describe('readFimRequest', () => {
  it('reads prompt, suffix and sampling', () => {
    expect(readFimRequest(parseJson('{"prompt": "a", "suffix": " b", "max_tokens": 5}')).request).toEqual({
      prompt: 'a',
      suffix: ' b',
      sampling: {temperature: 0, maxTokens: 5},
    });
    expect(readFimRequest(parseJson('{"prompt": "a", "suffix": null}')).request).toEqual({
      prompt: 'a',
      sampling: {temperature: 0},
    });
  });

  it('needs a prompt', () => {
    expect(() => readFimRequest(parseJson('{"suffix": "b"}'))).toThrow('prompt is missing.');
  });
});
