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
import type {TemplateVersion} from '../../../../src/engine/contract/requests.ts';
import {encodeChat} from '../../../../src/engine/template/encode/encode-chat.ts';
import {encodeFim} from '../../../../src/engine/template/encode/encode-fim.ts';
import type {ModelSettings} from '../../../../src/engine/template/model-settings.ts';
import {readChatRequest, readFimRequest} from '../../../../src/engine/wire/read-request.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

type Expected = readonly number[] | string;

/** Read with our own parser: JSON.parse would turn 1.0 into 1 before the template sees it. */
function goldens(file: string): readonly JsonObject[] {
  const text = readFileSync(new URL(`../../../goldens/${file}`, import.meta.url), 'utf8');
  const cases = (parseJson(text) as JsonObject).get('cases');
  return (cases as readonly Json[]).filter(isJsonObject);
}

const tokenizer = toyTokenizer();

interface Given {
  readonly version: TemplateVersion;
  readonly chat?: Json | undefined;
  readonly fim?: Json | undefined;
  readonly max?: Json | undefined;
  readonly mode?: Json | undefined;
}

/** The ids, or the class of the refusal. */
function encoded({version, chat, fim, max, mode}: Given): Expected {
  const options = {
    ...(isJsonNumber(max) && {maxModelInputLen: Number(max.source)}),
    ...(mode === 'serving' && {mode: 'serving' as const}),
  };
  try {
    if (fim !== undefined) return encodeFim(readFimRequest(fim).request, tokenizer, version).tokens;
    return encodeChat(readChatRequest(chat ?? null).request, tokenizer, version, options).tokens;
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
  const request = {messages: [{role: 'user', content: 'a'}], sampling: {temperature: 0}} as const;
  const tokens = (effort: 'none' | 'high' | undefined, reasoningEffort: ModelSettings['reasoningEffort']) =>
    encodeChat(effort === undefined ? request : {...request, reasoningEffort: effort}, tokenizer, 'v15', {
      modelSettings: reasoningEffort === undefined ? {} : {reasoningEffort},
    }).tokens.slice(1, -3);
  const setting = (effort: string) => [37, ...tokenizer.encode(`{"reasoning_effort": "${effort}"}`), 38];

  it('come from the request, or from the file', () => {
    const rule = {values: ['none', 'high'], acceptsNone: true} as const;
    expect(tokens(undefined, rule)).toEqual([]);
    expect(tokens('high', rule)).toEqual(setting('high'));
    expect(tokens(undefined, {...rule, default: 'none'})).toEqual(setting('none'));
    expect(tokens('high', undefined)).toEqual([]);
  });

  it('are refused where the model does not take them, or needs them', () => {
    expect(() => tokens('high', {values: ['none'], acceptsNone: true})).toThrow(
      'takes the reasoning efforts none, not high',
    );
    expect(() => tokens('high', {values: [], acceptsNone: true})).toThrow('(none)');
    expect(() => tokens(undefined, {values: ['high'], acceptsNone: false})).toThrow('needs a reasoning effort');
  });
});
