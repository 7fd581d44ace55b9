// Thoughts and their budgets on the native engine: a tiny model with random weights whose likeliest tokens are chosen.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {parseJson} from '../../src/base/json.ts';
import {type Answer, collectAnswer} from '../../src/engine/contract/collect-answer.ts';
import type {ChatCompletionRequest} from '../../src/engine/contract/requests.ts';
import type {LocalBackend} from '../../src/engine/local/local-backend.ts';
import {type RandomModelPiece, randomModel, TINY_SHAPE, toyVocabulary} from '../fixtures/random-model.ts';
import {randomNumbers} from '../fixtures/random-numbers.ts';

/** The control tokens of v13 that v3 has not. */
const LATER = ['[SYSTEM_PROMPT]', '[/SYSTEM_PROMPT]', '[ARGS]', '[THINK]', '[/THINK]'];
const vocabulary: RandomModelPiece[] = [
  ...toyVocabulary(420),
  ...LATER.map((text) => ({text, score: 0, type: 3}) as const),
];
const id = (text: string) => vocabulary.findIndex((piece) => piece.text === text);
const [OPEN, CLOSE, CALLS] = [id('[THINK]'), id('[/THINK]'), id('[TOOL_CALLS]')];
const X = id('x');
const F = {name: 'f', description: '', parameters: parseJson('{"type": "object", "additionalProperties": false}')};

const folder = mkdtempSync(join(tmpdir(), 'thinking-'));
const file = join(folder, 'thinking.gguf');
let backend: LocalBackend;

beforeAll(() => writeFileSync(file, randomModel({...TINY_SHAPE, vocabulary}, 1, {'mistral.tokenizer.version': 'v13'})));
afterAll(() => rmSync(folder, {recursive: true}));

/** Forms of an answer, and what makes one of a model without sense: the shape of what it says. */
const FORMS = {
  text: {request: {}, said: /./s},
  'a forced call': {request: {tools: [F], toolChoice: {name: 'f'}}, said: /^$/},
  JSON: {
    request: {responseFormat: {type: 'json_schema', schema: parseJson('{"const": {"a": 1}}')}},
    said: /^ ?\{"a": 1\}$/,
  },
} as const satisfies Record<string, {request: Partial<ChatCompletionRequest>; said: RegExp}>;
/** JSON of v13 has a thought before it under a system prompt that shows one. */
const SYSTEM = {role: 'system', content: [{type: 'thinking', thinking: 'x', closed: true}]} as const;

/** A model that would think without end: [THINK] and `x` are its likeliest tokens by far. */
function run(form: keyof typeof FORMS, budget: number, maxTokens = 300, more = {}): Promise<Answer> {
  const logitBias = new Map([
    [OPEN, 100],
    [X, 90],
  ]);
  const request: ChatCompletionRequest = {
    messages: [SYSTEM, {role: 'user', content: 'hi'}],
    ...FORMS[form].request,
    sampling: {temperature: 0, maxTokens, thinkingBudget: budget, logitBias, ...more},
  };
  return collectAnswer(backend.chat(request, new AbortController().signal));
}

function check(form: keyof typeof FORMS, budget: number, {reasoning, content, toolCalls, finish}: Answer): void {
  expect({form, budget, tokens: finish.usage.reasoningTokens ?? 0}).toEqual({form, budget, tokens: budget});
  expect(reasoning.trim()).toBe('x'.repeat(budget));
  expect(finish.thinkingCut ?? false).toBe(budget > 0);
  if (form === 'a forced call')
    expect(toolCalls).toMatchObject([{name: 'f', arguments: expect.stringMatching(/^\{\s*\}$/)}]);
  else expect(content).toMatch(FORMS[form].said);
}

describe.each(['addon', 'native'] as const)('through %s calls', (calls) => {
  beforeAll(async () => {
    // The engine of its own calls has a thread, whose program is there only when it is built.
    const built = '../../dist/engine/local/open-local.js';
    const {openLocalBackend} = (await import(built)) as typeof import('../../src/engine/local/open-local.ts');
    backend = await openLocalBackend({file, device: 'off', threads: 1, contextSize: 1024, calls});
  });
  afterAll(() => backend.close());

  describe.each(Object.keys(FORMS) as (keyof typeof FORMS)[])('before %s', (form) => {
    test.each([0, 1, 7, 20])('a thought has %i tokens', async (budget) => {
      check(form, budget, await run(form, budget));
    });
  });

  test('random budgets, forms, limits and draws: each exact, with an answer', async () => {
    const random = randomNumbers(26);
    const forms = Object.keys(FORMS) as (keyof typeof FORMS)[];
    const rounds = Number(process.env.THINKING_ROUNDS ?? 40);
    for (let round = 0; round < rounds; round++) {
      const form = forms[random(forms.length)] ?? 'text';
      const budget = random(48);
      const draws = {temperature: random(2), seed: round, topK: 1 + random(40)};
      check(form, budget, await run(form, budget, 130 + random(200), draws));
    }
  }, 600_000);

  test('the context holds what was generated and the forced end, and nothing else', async () => {
    const {prompt} = await run('JSON', 5);
    const kept = [...prompt, OPEN, X, X, X, X, X, CLOSE];
    const sampling = {temperature: 0, maxTokens: 1};
    const next = await collectAnswer(
      backend.complete({prompt: [...kept, CALLS], sampling}, new AbortController().signal),
    );
    expect(next.finish.usage.cachedTokens).toBe(kept.length);
  });
});
