import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {isJsonObject, type Json, type JsonObject, parseJson, toPlain} from '../../../src/engine/json.ts';
import {encodeFim} from '../../../src/engine/template/fim.ts';
import {encodeChat} from '../../../src/engine/template/instruct.ts';
import {Refusal} from '../../../src/engine/template/refusal.ts';
import type {TemplateVersion} from '../../../src/engine/types.ts';
import {readChatRequest, readFimRequest} from '../../../src/engine/wire/request.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';

interface GoldenCase {
  readonly name: string;
  readonly kind: 'chat' | 'fim';
  readonly request: Json;
  readonly maxModelInputLen?: number;
  readonly expect: Readonly<Record<TemplateVersion, readonly number[] | string>>;
}

/** Read with our own parser: JSON.parse would turn 1.0 into 1 before the template sees it. */
function goldens(): GoldenCase[] {
  const file = parseJson(readFileSync(new URL('../../goldens/requests.json', import.meta.url), 'utf8')) as JsonObject;
  return (file.get('cases') as readonly Json[]).filter(isJsonObject).map((golden) => ({
    ...(toPlain(golden) as GoldenCase),
    request: golden.get('request') ?? null,
  }));
}

const tokenizer = toyTokenizer();

function encoded(golden: GoldenCase, version: TemplateVersion): readonly number[] | string {
  const {kind, request, maxModelInputLen} = golden;
  try {
    if (kind === 'fim') return encodeFim(readFimRequest(request).request, tokenizer, version).tokens;
    const options = maxModelInputLen === undefined ? {} : {maxModelInputLen};
    return encodeChat(readChatRequest(request).request, tokenizer, version, options).tokens;
  } catch (error) {
    if (error instanceof Refusal) return error.refusal;
    throw error;
  }
}

describe('requests as mistral-common encodes or refuses them', () => {
  for (const golden of goldens()) {
    it(golden.name, () => {
      for (const [version, expected] of Object.entries(golden.expect)) {
        expect(encoded(golden, version as TemplateVersion), version).toEqual(expected);
      }
    });
  }
});
