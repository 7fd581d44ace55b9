// The native engine over every family of 2026: transformers' own greedy tokens, far beyond the original context and the
// window of these tiny models, and their log-probabilities.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {planConversion, writePlan} from '../../src/engine/convert/convert-weights.ts';
import {type OpenFolderOptions, openSourceFolder} from '../../src/engine/convert/source/source-folder.ts';
import {readGguf} from '../../src/engine/gguf/read-header.ts';
import {FAMILIES, latentFolder} from '../fixtures/families-2026.ts';
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

function expectSame(got: Awaited<ReturnType<typeof answers>>, golden: string): void {
  for (const [at, length] of (['short', 'long'] as const).entries()) {
    const wanted = families[golden]?.greedy?.[length];
    expect(got[at]?.tokens).toEqual(wanted?.tokens);
    const off = wanted?.logprobs.map((logprob, i) => Math.abs(logprob - (got[at]?.logprobs[i] ?? 0))) ?? [];
    expect(Math.max(...off)).toBeLessThan(TOLERANCE);
  }
}

test.each(FAMILIES.filter(([name]) => families[name]?.greedy))(
  '%s answers with the tokens of transformers',
  async (name, make, options) => expectSame(await answers(make(), options), name),
);

test('Small 4 in Hugging Face\u2019s layout answers as in Mistral\u2019s, whose figures ask for no scale', async () => {
  expectSame(await answers(latentFolder({format: 'hf'})), 'mf_small4');
});
