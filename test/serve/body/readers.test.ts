import {describe, expect, test} from 'vitest';
import type {z} from 'zod';
import {type Json, type JsonObject, parseJson, toPlain} from '../../../src/base/json.ts';
import {ChatRequestSchema} from '../../../src/serve/body/chat-schema.ts';
import {readChat} from '../../../src/serve/body/read-chat.ts';
import {CompletionRequestSchema, readCompletion} from '../../../src/serve/body/read-completion.ts';
import {FimRequestSchema, readFim} from '../../../src/serve/body/read-fim.ts';
import {
  InfillRequestSchema,
  NativeCompletionSchema,
  readInfill,
  readNativeCompletion,
} from '../../../src/serve/body/read-infill.ts';
import {
  DetokenizeRequestSchema,
  readDetokenize,
  readTokenize,
  TokenizeRequestSchema,
} from '../../../src/serve/body/read-tokens.ts';
import {
  EnginesRequestSchema,
  InferRequestSchema,
  PredictRequestSchema,
  readEngines,
  readInfer,
  readPredict,
} from '../../../src/serve/legacy/read-predict.ts';

const DEFAULTS = {temperature: 0.7, maxTokens: 99};
type Reader = (json: Json) => unknown;
const MESSAGES = '"messages": [{"role": "user", "content": "Hi"}]';

/** Every reader of a body, the schema in front of it, and the least it takes. */
const READERS: readonly (readonly [name: string, schema: z.ZodObject, read: Reader, least: string])[] = [
  ['chat', ChatRequestSchema, (json) => readChat(json, DEFAULTS), `{${MESSAGES}}`],
  ['completion', CompletionRequestSchema, (json) => readCompletion(json, DEFAULTS), '{"prompt": "a"}'],
  ['fim', FimRequestSchema, (json) => readFim(json, DEFAULTS), '{"prompt": "a"}'],
  ['native completion', NativeCompletionSchema, (json) => readNativeCompletion(json, DEFAULTS), '{"prompt": "a"}'],
  ['infill', InfillRequestSchema, (json) => readInfill(json, DEFAULTS), '{"input_prefix": "a", "input_suffix": "b"}'],
  ['predict', PredictRequestSchema, readPredict, `{${MESSAGES}}`],
  ['infer', InferRequestSchema, readInfer, `{${MESSAGES}}`],
  ['engines', EnginesRequestSchema, (json) => readEngines(json, DEFAULTS), '{"model": "m", "prompt": "a"}'],
  ['tokenize', TokenizeRequestSchema, readTokenize, '{"content": "a"}'],
  ['detokenize', DetokenizeRequestSchema, readDetokenize, '{"tokens": [1]}'],
];

/** What a reader makes of a body that its schema takes. */
function call(schema: z.ZodObject, read: Reader, json: Json): unknown {
  schema.parse(toPlain(json));
  return read(json);
}

describe.each(READERS)('%s', (_name, schema, read, least) => {
  const body = parseJson(least) as JsonObject;
  const optional = Object.keys(schema.shape).filter((name) => !body.has(name));

  test.each(optional)('null is absent: %s', (field) => {
    expect(call(schema, read, new Map([...body, [field, null]]))).toEqual(call(schema, read, body));
  });

  test('all of them null is the same, and so are fields of other routes', () => {
    const nulls = optional.map((name) => [name, null] as const);
    expect(call(schema, read, new Map([...body, ...nulls]))).toEqual(call(schema, read, body));
    expect(call(schema, read, new Map<string, Json>([...body, ['zebra', 'x'], ['grammar_lazy', true]]))).toEqual(
      call(schema, read, body),
    );
  });
});

test.each([
  [
    '"tools": [{"type": "function", "function": {"name": "f", "description": null, "parameters": null, "strict": null}}]',
    '"tools": [{"type": "function", "function": {"name": "f"}}]',
  ],
  ['"stream_options": {"include_usage": null}', '"stream_options": {}'],
  ['"logit_bias": {"5": null, "6": 1}', '"logit_bias": {"6": 1}'],
  ['"response_format": {"type": "json_object", "json_schema": null}', '"response_format": {"type": "json_object"}'],
  [
    '"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"type": null, "function": {"name": "f"}}',
    '"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"function": {"name": "f"}}',
  ],
])('null is absent inside a field too: %s', (written, meant) => {
  const read = (fields: string) => {
    const json = parseJson(`{${MESSAGES}, ${fields}}`);
    ChatRequestSchema.parse(toPlain(json));
    return readChat(json, DEFAULTS);
  };
  expect(read(written)).toEqual(read(meant));
});

test.each([
  [
    '{"role": "assistant", "content": null, "name": null, "prefix": null, "tool_call_id": null, "tool_calls": [{"id": null, "type": null, "function": {"name": "f", "arguments": null}}]}',
    '{"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}',
  ],
  [
    '{"role": "user", "content": [{"type": "text", "text": "a", "thinking": null, "closed": null, "refusal": null}]}',
    '{"role": "user", "content": [{"type": "text", "text": "a"}]}',
  ],
])('null is absent inside a message too: %s', (written, meant) => {
  const read = (message: string) => {
    const json = parseJson(`{"messages": [{"role": "user", "content": "x"}, ${message}]}`);
    ChatRequestSchema.parse(toPlain(json));
    return readChat(json, DEFAULTS).request.messages;
  };
  expect(read(written)).toEqual(read(meant));
});

test('null inside a schema stays: there it is a value', () => {
  const {request} = readChat(
    parseJson(
      `{${MESSAGES}, "tools": [{"type": "function", "function": {"name": "f", "parameters": {"default": null}}}]}`,
    ),
    DEFAULTS,
  );
  expect(request.tools?.[0]?.parameters).toEqual(new Map([['default', null]]));
});

const NATIVE = (fields: string) => readNativeCompletion(parseJson(`{"prompt": "a", ${fields}}`), DEFAULTS).sampling;

test('the limit of the answer under the names of each dialect, the first of them that is set', () => {
  expect(NATIVE('"stream": false')).toEqual({temperature: 0.7, maxTokens: 99});
  expect(NATIVE('"n_predict": 3, "max_tokens": 5')).toEqual({temperature: 0.7, maxTokens: 3});
  expect(NATIVE('"n_predict": null, "max_tokens": 5')).toEqual({temperature: 0.7, maxTokens: 5});
  const chat = parseJson(`{${MESSAGES}, "max_completion_tokens": 3, "max_tokens": 5}`);
  expect(readChat(chat, DEFAULTS).request.sampling).toEqual({temperature: 0.7, maxTokens: 3});
  const completion = parseJson('{"prompt": "a", "max_completion_tokens": 3}');
  expect(readCompletion(completion, DEFAULTS).sampling).toEqual({temperature: 0.7, maxTokens: 16});
});

test("llama.cpp's biases: pairs or members, false is never, what is beyond 100 is 100", () => {
  const biases = new Map([
    [5, -100],
    [6, 100],
    [7, 1.5],
  ]);
  expect(NATIVE('"logit_bias": [[5, false], [6, 1e9], [7, 1.5], [8, null]]').logitBias).toEqual(biases);
  expect(NATIVE('"logit_bias": {"5": false, "6": 1e9, "7": 1.5, "8": null}').logitBias).toEqual(biases);
});

test('prompts: a text, ids, and lists of either', () => {
  const prompts = (text: string) => readCompletion(parseJson(`{"prompt": ${text}}`), DEFAULTS).prompts;
  expect(prompts('"a"')).toEqual(['a']);
  expect(prompts('[1, 2]')).toEqual([[1, 2]]);
  expect(prompts('["a", "b"]')).toEqual(['a', 'b']);
  expect(prompts('[[1, 2], [3]]')).toEqual([[1, 2], [3]]);
  expect(readNativeCompletion(parseJson('{"prompt": [1, "a", 2]}'), DEFAULTS).prompts).toEqual([[1, 'a', 2]]);
});

test('a call of a chat says everything its route has to know', () => {
  const json = parseJson(
    `{${MESSAGES}, "n": 2, "stream": true, "stream_options": {"include_usage": true}, "logprobs": true,
      "top_logprobs": 3, "prompt_mode": "reasoning", "parallel_tool_calls": false}`,
  );
  expect(readChat(json, {temperature: 0})).toEqual({
    request: {messages: [{role: 'user', content: 'Hi'}], sampling: {temperature: 0, topLogprobs: 3}},
    n: 2,
    stream: true,
    usage: 'last',
    logprobs: true,
    tokenIds: false,
    idsAsTokens: false,
    timingsPerToken: false,
    progress: false,
    reasoning: 'chunks',
    parallelCalls: false,
  });
});
