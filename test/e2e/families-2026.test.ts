// The native engine over every family of 2026: transformers' own greedy tokens, far beyond the original context and the
// window of these tiny models, and their log-probabilities.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {planConversion, writePlan} from '../../src/engine/convert/convert-weights.ts';
import {type OpenFolderOptions, openSourceFolder} from '../../src/engine/convert/source/source-folder.ts';
import {readGguf} from '../../src/engine/gguf/read-header.ts';
import {FAMILIES, latentFolder, WINDOWS_AND_YARN} from '../fixtures/families-2026.ts';
import {folderWith} from '../fixtures/folder.ts';
import {greedyTokens} from '../fixtures/greedy-tokens.ts';
import type {Files} from '../fixtures/tiny-folder.ts';

interface Greedy {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
}

const {prompts, families} = JSON.parse(readFileSync('test/goldens/families-2026.json', 'utf8')) as {
  prompts: Record<'short' | 'long', readonly number[]>;
  families: Record<string, {greedy?: Record<'short' | 'long', Greedy>}>;
};
const plain = JSON.parse(readFileSync('test/goldens/windows-and-yarn.json', 'utf8')).families as typeof families;
/** The engine keeps keys and values in F16. */
const TOLERANCE = 0.003;

/** What is said after both prompts; weights in F32. */
async function answers(files: Files, options: OpenFolderOptions = {}) {
  const folder = folderWith(files);
  const path = join(folder, 'out.gguf');
  const plan = planConversion(openSourceFolder(folder, options), 'F32');
  await writePlan(plan, path, {workers: 0, signal: new AbortController().signal});
  return await greedyTokens(readGguf(path), [prompts.short, prompts.long], 12);
}

function expectSame(
  got: Awaited<ReturnType<typeof answers>>,
  golden: Record<'short' | 'long', Greedy> | undefined,
): void {
  for (const [at, length] of (['short', 'long'] as const).entries()) {
    const wanted = golden?.[length];
    expect(got[at]?.tokens).toEqual(wanted?.tokens);
    const off = wanted?.logprobs.map((logprob, i) => Math.abs(logprob - (got[at]?.logprobs[i] ?? 0))) ?? [];
    expect(Math.max(...off)).toBeLessThan(TOLERANCE);
  }
}

test.each(FAMILIES.filter(([name]) => families[name]?.greedy))(
  '%s answers with the tokens of transformers',
  async (name, make, options) => expectSame(await answers(make(), options), families[name]?.greedy),
);

test('Small 4 in Hugging Face\u2019s layout answers as in Mistral\u2019s, whose figures ask for no scale', async () => {
  expectSame(await answers(latentFolder({format: 'hf'})), families.mf_small4?.greedy);
});

// Of a plain reading of the architecture in numpy, in double precision.
test.each(WINDOWS_AND_YARN)('%s: the same tokens as without llama.cpp', async (name, make) => {
  expectSame(await answers(make()), plain[name]?.greedy);
});
