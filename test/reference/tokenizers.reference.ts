// The vocabularies Mistral publishes, held to the ids mistral-common gives. Run by `npm run test:reference`.
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {isJsonObject, type Json, type JsonObject, parseJson, toPlain} from '../../src/base/json.ts';
import {encodeInput} from '../../src/commands/tokenize/tokenize-input.ts';
import {Refusal} from '../../src/engine/contract/refusal.ts';
import {type LoadedTokenizer, loadTokenizer} from '../../src/engine/template/load-tokenizer.ts';
import {PromptWriter} from '../../src/engine/template/prompt-writer.ts';
import {TEKKEN_SPECIALS} from '../../src/engine/tokenizer/control-tokens.ts';

const folder = process.env.MISTRAL_TOKENIZERS;
if (!folder) throw new Error('MISTRAL_TOKENIZERS must name the folder with the vocabularies (CONTRIBUTING.md)');

/** Special tokens of later versions, at the ids of mistral-common's test helper. */
const LATER = [
  {from: 11, ids: {32: '[ARGS]', 33: '[CALL_ID]'}},
  {from: 13, ids: {35: '[THINK]', 36: '[/THINK]'}},
  {from: 15, ids: {37: '[MODEL_SETTINGS]', 38: '[/MODEL_SETTINGS]'}},
];

const made = mkdtempSync(join(tmpdir(), 'tekken-'));
afterAll(() => rmSync(made, {recursive: true}));

/** What the tokenizer file of each kind of v15 says about model settings. */
const builders = goldenFile('mistral-requests.json').get('builders') as JsonObject;

/** `spm-v3` -> *.model.v3; `tekken-v13` -> tekken.json, made into a file of that version; `tekken-v15-json`: of a kind. */
function open(vocabulary: string): LoadedTokenizer {
  const [family, version = '', ...kind] = vocabulary.split('-');
  if (family === 'tekken') return loadTokenizer(tekkenFile(version, [version, ...kind].join('-')));
  const name = readdirSync(folder as string).find((file) => file.endsWith(`.model.${version}`));
  if (!name) throw new Error(`${folder} has no *.model.${version}`);
  return loadTokenizer(join(folder as string, name));
}

function tekkenFile(version: string, name: string): string {
  const file = JSON.parse(readFileSync(join(folder as string, 'tekken.json'), 'utf8'));
  const number = Number(version.slice(1));
  const later = Object.assign({}, ...LATER.filter(({from}) => number >= from).map(({ids}) => ids));
  const names: string[] = Array.from({length: 39}, (_, id) => later[id] ?? TEKKEN_SPECIALS[id] ?? `<SPECIAL_${id}>`);
  file.config.version = version;
  file.special_tokens = names.map((token_str, rank) => ({rank, token_str, is_control: true}));
  if (version === 'v15') file.model_settings_builder = toPlain(builders.get(name) ?? null);
  const path = join(made, `tekken-${name}.json`);
  writeFileSync(path, JSON.stringify(file));
  return path;
}

/** Cases of a golden file: members in order, numbers as they are written. */
function cases(name: string): JsonObject[] {
  return (goldenFile(name).get('cases') as Json[]).filter(isJsonObject);
}

function goldenFile(name: string): JsonObject {
  return parseJson(readFileSync(new URL(`../goldens/${name}`, import.meta.url), 'utf8')) as JsonObject;
}

async function outcome(loaded: LoadedTokenizer, golden: JsonObject): Promise<unknown> {
  const length = golden.get('maxModelInputLen');
  const maximum = length === undefined ? undefined : Number(toPlain(length));
  const kind = golden.get('kind') === 'fim' ? 'fim' : 'request';
  try {
    return {tokens: await encodeInput(new PromptWriter(loaded), kind, golden.get('request') as Json, maximum)};
  } catch (error) {
    if (error instanceof Refusal) return {error: error.refusal};
    throw error;
  }
}

describe.each(['spm-v1', 'spm-v3', 'tekken-v3'])('texts in %s', (vocabulary) => {
  const {tokenizer} = open(vocabulary);
  test.each(cases('plain-text.json').map((golden) => [golden.get('name'), golden] as const))('%s', (_, golden) => {
    const text = golden.get('text') as string;
    const tokens = tokenizer.encode(text);
    expect(tokens).toEqual(toPlain(golden.get(vocabulary) as Json));
    const decoder = tokenizer.decoder();
    expect(tokens.map((token) => decoder.push(token)).join('') + decoder.end()).toBe(text);
  });
});

describe.each([
  'spm-v1',
  'spm-v2',
  'spm-v3',
  'spm-v7',
  'tekken-v3',
  'tekken-v7',
  'tekken-v11',
  'tekken-v13',
  ...[...builders.keys()].map((name) => `tekken-${name}`),
])('requests in %s', (vocabulary) => {
  const loaded = open(vocabulary);
  const goldens = cases('mistral-requests.json').filter((golden) =>
    (golden.get('expect') as JsonObject).has(vocabulary),
  );
  test.each(goldens.map((golden) => [golden.get('name'), golden] as const))('%s', async (_, golden) => {
    expect(await outcome(loaded, golden)).toEqual(
      toPlain((golden.get('expect') as JsonObject).get(vocabulary) as Json),
    );
  });
});
