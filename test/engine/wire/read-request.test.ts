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
    expect(format('{}')).toEqual({type: 'text'});
    expect(format('{"json_schema": {"schema": {}}}')).toEqual({type: 'text'});
    expect(() => format('{"type": "json_schema"}')).toThrow('response_format.json_schema is missing.');
    expect(() => format('{"type": "xml"}')).toThrow('response_format.type must be');
  });

  it('reads truncation, reasoning effort and other settings', () => {
    const body = `{${HELLO}, "truncate_for_context_length": true, "reasoning_effort": "high", "model_settings": {"a": 1.0}}`;
    const request = {
      truncateForContextLength: true,
      reasoningEffort: 'high',
      modelSettings: new Map([['a', {source: '1.0'}]]),
    };
    expect(read(body).request).toMatchObject(request);
    expect(read(body).request.nearestEffort).toBeUndefined();
    expect(read(body, {dialect: 'lenient'}).request).toMatchObject({...request, nearestEffort: true});
  });

  it('takes a continuation as a prefix of the last message', () => {
    const body = (last: string, more: string) =>
      `{"messages": [{"role": "user", "content": "a"}, ${last}], "continue_final_message": ${more}}`;
    for (const last of [
      '{"role": "assistant", "content": "b"}',
      '{"role": "assistant", "content": "b", "prefix": false}',
    ]) {
      expect(read(body(last, 'true')).request.messages[1]).toEqual({role: 'assistant', content: 'b', prefix: true});
    }
    const open = '{"role": "assistant", "content": "b", "prefix": true}';
    expect(read(body(open, 'false')).request.messages[1]).toMatchObject({prefix: true});
    expect(read(body(open, 'null')).request.messages[1]).toMatchObject({prefix: true});
    for (const text of [body('{"role": "user", "content": "b"}', 'true'), '{"continue_final_message": true}']) {
      expect(() => read(text)).toThrow('continue_final_message needs a last message of the assistant.');
    }
    expect(() => read(body(open, '1'))).toThrow('continue_final_message must be true or false.');
    expect(() => read(body('{"role": "assistant", "prefix": 5}', 'true'))).toThrow('messages[1].prefix must be');
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
    [`{${HELLO}, "reasoning_effort": 5}`, 'reasoning_effort'],
    [`{${HELLO}, "model_settings": []}`, 'model_settings'],
    [
      `{${HELLO}, "response_format": {"json_schema": {"schema": {"type": "objekt"}}}}`,
      'response_format.json_schema.schema',
    ],
    [
      `{${HELLO}, "response_format": {"type": "json_schema", "json_schema": {"schema": true}}}`,
      'response_format.json_schema.schema',
    ],
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

describe('the exact dialect', () => {
  const exact = (text: string) => read(text, {dialect: 'exact'});
  const reads = (member: string) => exact(`{${HELLO}, ${member}}`).request;

  it('reads numbers and switches as pydantic does', () => {
    expect(reads('"temperature": " 0.5 ", "max_tokens": "7", "random_seed": true').sampling).toEqual({
      temperature: 0.5,
      maxTokens: 7,
      seed: 1,
    });
    for (const word of ['true', '1', '1.0', '"yes"', '"ON"', '"t"']) {
      expect(reads(`"truncate_for_context_length": ${word}`).truncateForContextLength, word).toBe(true);
    }
    expect(reads('"truncate_for_context_length": "Off"').truncateForContextLength).toBe(false);
  });

  it.each([
    ['"temperature": 1.01', 'temperature'],
    ['"temperature": "0x1"', 'temperature'],
    ['"top_p": -0.1', 'top_p'],
    ['"max_tokens": 1.5', 'max_tokens'],
    ['"max_tokens": -1', 'max_tokens'],
    ['"random_seed": ""', 'random_seed'],
    ['"parallel_tool_calls": 2', 'parallel_tool_calls'],
    ['"parallel_tool_calls": null', 'parallel_tool_calls'],
    ['"response_format": null', 'response_format'],
    ['"tool_choice": null', 'tool_choice'],
    ['"continue_final_message": null', 'continue_final_message'],
    ['"stop": ["a"]', 'stop'],
    ['"seed": 1', 'seed'],
    ['"__proto__": 1', '__proto__'],
    ['"tools": [{"name": "f", "parameters": {}}]', 'tools[0].name'],
    ['"tools": [{"function": {"name": "f", "parameters": {}, "strict": null}}]', 'tools[0].function.strict'],
    ['"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}', 'response_format.json_schema.name'],
  ])('refuses %s, which mistral-common does not take', (member, param) => {
    expect(() => reads(member)).toThrow(expect.objectContaining({param, refusal: 'ValidationError'}));
  });

  it.each([
    ['{"role": "assistant", "reasoning_content": "r", "content": "a"}', 'messages[0].reasoning_content'],
    ['{"role": "assistant", "prefix": null}', 'messages[0].prefix'],
    [
      '{"role": "assistant", "tool_calls": [{"id": null, "function": {"name": "f", "arguments": ""}}]}',
      'messages[0].tool_calls[0].id',
    ],
    [
      '{"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}',
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      '{"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}]}',
      'messages[0].content[0].thinking',
    ],
  ])('refuses a message that mistral-common does not take: %s', (message, param) => {
    expect(() => exact(`{"messages": [${message}]}`)).toThrow(expect.objectContaining({param}));
    expect(() => read(`{"messages": [${message}]}`)).not.toThrow();
  });
});

describe('readFimRequest', () => {
  it('takes no more than mistral-common in the exact dialect', () => {
    const fim = (text: string) => readFimRequest(parseJson(text), {dialect: 'exact'}).request;
    expect(fim('{"prompt": "a", "suffix": null, "max_tokens": "5"}')).toEqual({
      prompt: 'a',
      sampling: {temperature: 0, maxTokens: 5},
    });
    expect(() => fim('{"prompt": "a", "stop": "x"}')).toThrow('Unknown field stop.');
    expect(() => fim('{"prompt": null}')).toThrow('prompt must be a value');
  });

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
