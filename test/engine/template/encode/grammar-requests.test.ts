// Requests whose answer has to have a form: refused, free or held as the grammar of mistral-common 1.13.1 does.

import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {atOnce} from '../../../../src/base/in-turns.ts';
import {isJsonObject, type Json, type JsonObject, parseJson} from '../../../../src/base/json.ts';
import {Refusal} from '../../../../src/engine/contract/refusal.ts';
import type {TemplateVersion} from '../../../../src/engine/contract/requests.ts';
import {requestGrammar} from '../../../../src/engine/template/encode/answer-grammar.ts';
import {readChatRequest} from '../../../../src/engine/wire/read-request.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

const golden = parseJson(readFileSync('test/goldens/grammar-requests.json', 'utf8')) as JsonObject;
const cases = golden.get('cases') as readonly JsonObject[];
const tokenizer = toyTokenizer();
const messages = parseJson('[{"role": "user", "content": "Hi"}]');

function outcome(version: TemplateVersion, fields: Json | undefined): string {
  const body = new Map<string, Json>([['messages', messages], ...(isJsonObject(fields) ? fields : [])]);
  try {
    const {request} = readChatRequest(body, {dialect: 'strict'});
    const {grammar, thoughtful, forbidden} = atOnce(requestGrammar(request, tokenizer, version));
    return grammar === undefined && thoughtful === undefined && forbidden.length === 0 ? 'free' : 'held';
  } catch (error) {
    if (error instanceof Refusal) return error.refusal;
    throw error;
  }
}

test.each(cases.map((one) => [one.get('version') as TemplateVersion, one.get('request') as string, one] as const))(
  '%s, %s',
  (version, name, one) => {
    const found = outcome(version, one.get('fields'));
    const refused = one.get('refused');
    if (refused !== undefined) expect(found).toBe(refused);
    else if (one.has('free')) expect(found).toBe('free');
    // Where no tool is offered, a call token is no more than a word that was not asked for.
    else if (name !== 'no tools, choice none') expect(found).toBe('held');
  },
);

test('there are 54 requests', () => {
  expect(cases).toHaveLength(54);
});
