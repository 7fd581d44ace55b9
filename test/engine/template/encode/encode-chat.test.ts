import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {
  dumpsJson,
  isJsonNumber,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  toPlain,
} from '../../../../src/base/json.ts';
import {Refusal} from '../../../../src/engine/contract/refusal.ts';
import type {ChatCompletionRequest, TemplateVersion} from '../../../../src/engine/contract/requests.ts';
import {encodeChat} from '../../../../src/engine/template/encode/encode-chat.ts';
import {encodeFim} from '../../../../src/engine/template/encode/encode-fim.ts';
import {parseModelSettings} from '../../../../src/engine/template/read-model-settings.ts';
import {readChatRequest, readFimRequest} from '../../../../src/engine/wire/read-request.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

type Expected = readonly number[] | string;

/** Read with our own parser: JSON.parse would turn 1.0 into 1 before the template sees it. */
function goldenFile(file: string): JsonObject {
  return parseJson(readFileSync(new URL(`../../../goldens/${file}`, import.meta.url), 'utf8')) as JsonObject;
}

function goldens(file: string): readonly JsonObject[] {
  return (goldenFile(file).get('cases') as readonly Json[]).filter(isJsonObject);
}

const tokenizer = toyTokenizer();

interface Given {
  readonly version: TemplateVersion;
  readonly chat?: Json | undefined;
  readonly fim?: Json | undefined;
  readonly max?: Json | undefined;
  readonly mode?: Json | undefined;
  /** The `model_settings_builder` of the tokenizer file; null: it has none. */
  readonly builder?: Json;
}

const builders = goldenFile('requests-1.13.1.json').get('builders') as JsonObject;

/** What a tokenizer file with this builder says. */
const settingsOf = (builder: Json) =>
  parseModelSettings('tekken.json', builder === null ? undefined : dumpsJson(builder));

/** The ids, or the class of the refusal. */
function encoded({version, chat, fim, max, mode, builder = builders.get('v15') ?? null}: Given): Expected {
  const options = {
    ...(version === 'v15' && {modelSettings: settingsOf(builder)}),
    ...(isJsonNumber(max) && {maxModelInputLen: Number(max.source)}),
    ...(mode === 'serving' && {mode: 'serving' as const}),
  };
  try {
    if (fim !== undefined) return encodeFim(readFimRequest(fim, {dialect: 'exact'}).request, tokenizer, version).tokens;
    return encodeChat(readChatRequest(chat ?? null, {dialect: 'exact'}).request, tokenizer, version, options).tokens;
  } catch (error) {
    if (error instanceof Refusal) return error.refusal;
    throw error;
  }
}

describe('requests as mistral-common encodes or refuses them', () => {
  for (const golden of goldens('requests.json')) {
    it(String(golden.get('name')), () => {
      const kind = golden.get('kind') === 'fim' ? 'fim' : 'chat';
      for (const [version, expected] of golden.get('expect') as ReadonlyMap<TemplateVersion, Json>) {
        const given = {version, [kind]: golden.get('request'), max: golden.get('maxModelInputLen')};
        expect(encoded(given), version).toEqual(toPlain(expected));
      }
    });
  }
});

/** A prompt as the golden file writes it: control tokens between ‹ and ›; ids where it is no text. */
function promptText(tokens: readonly number[]): Json {
  const bytes = tokens.flatMap((token) => {
    const control = [...new TextEncoder().encode(`‹${tokenizer.piece(token)}›`)];
    return tokenizer.isControl(token) ? control : [...tokenizer.bytes(token)];
  });
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(Uint8Array.from(bytes));
  } catch {
    return tokens.map((token) => ({source: String(token)}));
  }
}

describe('requests of 1.13 as mistral-common encodes or refuses them', () => {
  for (const golden of goldens('requests-1.13.1.json')) {
    it(String(golden.get('name')), () => {
      const kind = golden.get('kind') === 'fim' ? 'fim' : 'chat';
      for (const [vocabulary, expected] of golden.get('expect') as JsonObject) {
        const [version] = vocabulary.split('-') as [TemplateVersion];
        const given = {version, [kind]: golden.get('request'), max: golden.get('maxModelInputLen')};
        const got = encoded({...given, builder: builders.get(vocabulary) ?? null});
        expect(typeof got === 'string' ? new Map([['error', got]]) : promptText(got), vocabulary).toEqual(expected);
      }
    });
  }
});

describe('generated requests as mistral-common encodes or refuses them', () => {
  for (const golden of goldens('random-requests.json')) {
    const text = dumpsJson(new Map([...golden].filter(([key]) => key !== 'expect')));
    it(text, () => {
      const given = {
        version: golden.get('version') as TemplateVersion,
        chat: golden.get('request'),
        fim: golden.get('fim'),
        max: golden.get('max'),
        mode: golden.get('mode'),
      };
      expect(encoded(given)).toEqual(toPlain(golden.get('expect') ?? null));
    });
  }
});

describe('what the vocabulary or the engine lacks', () => {
  const user = {role: 'user', content: 'a'} as const;
  const request = {messages: [user], sampling: {temperature: 0}};

  it('is named', () => {
    expect(() => encodeChat(request, toyTokenizer(['[INST]']), 'v3')).toThrow(
      "The model's vocabulary has no token [INST].",
    );
    expect(() => encodeFim({prompt: 'a'}, toyTokenizer(['[SUFFIX]']), 'v2')).toThrow('no fill-in-the-middle tokens');
    const image = {...request, messages: [{...user, content: [{type: 'image_url'} as const]}]};
    expect(() => encodeChat(image, tokenizer, 'v7')).toThrow('A chunk of type image_url cannot be read: text only.');
  });

  it('is deep JSON: refused, not a crash', () => {
    const call = {id: 'abcdefghi', name: 'f', arguments: '['.repeat(100_000)};
    const deep = {...request, messages: [user, {role: 'assistant', toolCalls: [call]} as const, user]};
    expect(() => encodeChat(deep, tokenizer, 'v3')).toThrow('nested deeper');
  });
});

describe('model settings', () => {
  const base = {messages: [{role: 'user', content: 'a'}], sampling: {temperature: 0}} as const;
  /** The block of settings in the prompt; undefined where there is none. */
  function block(builder: string | undefined, request: Partial<ChatCompletionRequest> = {}): string | undefined {
    const modelSettings = parseModelSettings('tekken.json', builder);
    const {tokens} = encodeChat({...base, ...request}, tokenizer, 'v15', {modelSettings});
    return /‹\[MODEL_SETTINGS\]›(.*)‹\[\/MODEL_SETTINGS\]›/.exec(String(promptText(tokens)))?.[1];
  }
  const EFFORT = '"reasoning_effort": {"values": ["none", "high"], "default": "none"}';
  const given = (...entries: [string, Json][]) => ({modelSettings: new Map(entries)});

  it.each([
    [
      'a value nobody knows',
      '{"reasoning_effort": {"values": ["none", "ultra"], "default": "ultra"}}',
      '{"reasoning_effort": "ultra"}',
    ],
    [
      'a setting nobody knows',
      `{"verbosity": {"type": "enum", "values": ["brief", "full"], "default": "brief"}, ${EFFORT}}`,
      '{"reasoning_effort": "none", "verbosity": "brief"}',
    ],
    [
      'a kind nobody knows, without a default',
      `{${EFFORT}, "budget": {"type": "range", "default": null}}`,
      '{"reasoning_effort": "none"}',
    ],
    ['no default', '{"reasoning_effort": {"values": ["none", "high"], "default": null}}', undefined],
    [
      'a default that is no value',
      '{"reasoning_effort": {"values": ["none"], "default": "high"}}',
      '{"reasoning_effort": "high"}',
    ],
    [
      'a value twice',
      '{"reasoning_effort": {"values": ["none", "none"], "default": "none"}}',
      '{"reasoning_effort": "none"}',
    ],
    ['no settings', '{}', undefined],
  ])('of the file are written by its defaults: %s', (_, builder, expected) => {
    expect(block(builder)).toBe(expected);
  });

  it('are chosen by the request among the values of the file', () => {
    const future = `{"verbosity": {"type": "enum", "values": ["brief", "full"], "default": "brief"}, "reasoning_effort": {"values": ["none", "ultra"], "default": "none"}}`;
    expect(block(future, {reasoningEffort: 'ultra'})).toBe('{"reasoning_effort": "ultra", "verbosity": "brief"}');
    expect(block(future, given(['verbosity', 'full']))).toBe('{"reasoning_effort": "none", "verbosity": "full"}');
    expect(block(future, given(['reasoning_effort', 'ultra']))).toBe(
      '{"reasoning_effort": "ultra", "verbosity": "brief"}',
    );
    expect(() => block(future, given(['verbosity', 'loud']))).toThrow(
      'takes for verbosity the values brief, full, not loud',
    );
    expect(() => block(future, given(['verbosity', {source: '5'}]))).toThrow('not 5');
    expect(() => block(future, given(['pace', 'slow']))).toThrow(
      'no setting pace; its settings: verbosity, reasoning_effort',
    );
    expect(() => block(future, {reasoningEffort: 'none', ...given(['reasoning_effort', 'ultra'])})).toThrow(
      'given twice',
    );
    expect(block(future, {reasoningEffort: 'ultra', ...given(['reasoning_effort', 'ultra'])})).toContain('ultra');
  });

  it('chosen before a request give way to what it says itself', () => {
    const builder = `{${EFFORT}, "json_schema": {}, "verbosity": {"type": "enum", "values": ["brief", "5"], "default": "brief"}}`;
    const modelSettings = parseModelSettings('tekken.json', builder);
    const chosenSettings = new Map<string, Json>([
      ['reasoning_effort', 'high'],
      ['verbosity', {source: '5'}],
      ['json_schema', new Map()],
    ]);
    const said = (request: Partial<ChatCompletionRequest>) =>
      promptText(encodeChat({...base, ...request}, tokenizer, 'v15', {modelSettings, chosenSettings}).tokens);
    expect(said({})).toContain('{"json_schema": {}, "reasoning_effort": "high", "verbosity": "5"}');
    expect(
      said({reasoningEffort: 'none', responseFormat: {type: 'json_schema', schema: new Map([['a', 'b']])}}),
    ).toContain('{"json_schema": {"a": "b"}, "reasoning_effort": "none", "verbosity": "5"}');
    expect(said(given(['verbosity', 'brief']))).toContain('"verbosity": "brief"');
    expect(() => encodeChat(base, tokenizer, 'v13', {chosenSettings})).toThrow('takes no model settings');
  });

  it('that the file demands and nobody knows are asked for', () => {
    for (const builder of [
      '{"budget": {"type": "range", "default": 3}}',
      '{"budget": {"type": "range", "accepts_none": false}}',
    ]) {
      expect(() => block(builder)).toThrow('demands the setting budget of a kind (range)');
      expect(block(builder, given(['budget', new Map([['max', {source: '1.0'}]])]))).toBe('{"budget": {"max": 1.0}}');
    }
  });

  it('of a schema have any name, and are absent without a value', () => {
    const builder = '{"shape": {"type": "json_schema", "accepts_none": false, "default": null}}';
    expect(block(builder)).toBeUndefined();
    expect(block(builder, {responseFormat: {type: 'json_object'}})).toBeUndefined();
    expect(block(builder, given(['shape', new Map([['type', 'null']])]))).toBe('{"shape": {"type": "null"}}');
    expect(() => block(builder, given(['shape', 'x']))).toThrow('must be a JSON object');
  });

  it('that the file does not name make chats refused, with a way out', () => {
    expect(() => block(undefined)).toThrow(
      expect.objectContaining({refusal: 'InvalidRequestException', hint: expect.stringContaining('--template v13')}),
    );
    expect(block(undefined, given(['b', 'y'], ['a', 'x']))).toBe('{"a": "x", "b": "y"}');
  });

  it('are refused where the model needs one, or the version has none', () => {
    expect(() => block('{"reasoning_effort": {"values": ["high"], "accepts_none": false}}')).toThrow(
      'needs a value for reasoning_effort: high',
    );
    expect(() => block('{"reasoning_effort": {"values": []}}', {reasoningEffort: 'high'})).toThrow('(none)');
    expect(() => encodeChat({...base, ...given(['a', 'x'])}, tokenizer, 'v13')).toThrow('takes no model settings');
  });

  it.each([
    ['max', '["none", "high"]', 'high'],
    ['low', '["none", "high"]', 'none'],
    ['minimal', '["low", "high"]', 'low'],
    ['xhigh', '["none", "low", "max"]', 'low'],
    ['high', '["none", "high"]', 'high'],
  ])('an effort %s among %s stands for %s where the nearest is asked for', (effort, values, meant) => {
    const builder = `{"reasoning_effort": {"values": ${values}}}`;
    expect(block(builder, {reasoningEffort: effort, nearestEffort: true})).toBe(`{"reasoning_effort": "${meant}"}`);
    if (effort === meant) return;
    expect(() => block(builder, {reasoningEffort: effort})).toThrow(
      expect.objectContaining({refusal: 'InvalidRequestException'}),
    );
  });

  it('an effort that is no word of anybody is no request', () => {
    const lots = () => block(`{${EFFORT}}`, {reasoningEffort: 'lots', nearestEffort: true});
    expect(lots).toThrow('reasoning_effort must be one of none, minimal, low, medium, high, xhigh, max.');
    expect(lots).toThrow(expect.objectContaining({refusal: 'ValidationError'}));
  });
});
