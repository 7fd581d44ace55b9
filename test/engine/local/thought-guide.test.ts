import {describe, expect, test} from 'vitest';
import {parseJson} from '../../../src/base/json.ts';
import {collectAnswer} from '../../../src/engine/contract/collect-answer.ts';
import type {ChatCompletionRequest, Token} from '../../../src/engine/contract/requests.ts';
import {type ThoughtRules, thoughtGuide} from '../../../src/engine/local/thought-guide.ts';
import {toyBackend} from '../../fakes/toy-backend.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {randomNumbers} from '../../fixtures/random-numbers.ts';

const tokenizer = toyTokenizer();
const never = new AbortController().signal;
const [CALLS, ARGS, OPEN, CLOSE, EOS] = [9, 32, 35, 36, 2];
const ids = (text: string) => tokenizer.encode(text);
const [x = -1] = ids('x');

/**
 * A model that thinks without end, would rather end its answer there, and behind its thought would rather think again or
 * end another one; what it says is `answer`.
 */
function obsessed(answer: readonly Token[]) {
  return (generated: readonly Token[]): readonly Token[] => {
    if (generated.lastIndexOf(OPEN) > generated.lastIndexOf(CLOSE)) return [EOS, CALLS, OPEN, 17, x];
    const said = generated.length - 1 - generated.lastIndexOf(CLOSE);
    return [OPEN, CLOSE, answer[said] ?? EOS];
  };
}

const OBJECT = parseJson('{"type": "object"}');
const F = {name: 'f', description: '', parameters: OBJECT};
/** Forms of an answer, and what the model says in each. */
const FORMS = {
  text: {request: {}, answer: ids('ok')},
  'a forced call': {request: {tools: [F], toolChoice: 'any'}, answer: [CALLS, ...ids('f'), ARGS, ...ids('{}')]},
  'a call of its choice': {request: {tools: [F]}, answer: [CALLS, ...ids('f'), ARGS, ...ids('{}')]},
  JSON: {request: {responseFormat: {type: 'json_object'}}, answer: ids('{}')},
} as const satisfies Record<string, {request: Partial<ChatCompletionRequest>; answer: Token[]}>;

interface Case {
  readonly form?: keyof typeof FORMS;
  readonly budget?: number;
  readonly maxTokens?: number;
  readonly contextSize?: number;
  readonly version?: 'v13' | 'v15';
  readonly request?: Partial<ChatCompletionRequest>;
}

async function answered({form = 'text', budget, maxTokens, contextSize, version = 'v15', request}: Case) {
  const {request: formed, answer} = FORMS[form];
  const script = {answer: () => [], ranked: obsessed(answer), ...(contextSize !== undefined && {contextSize})};
  const {backend, model} = toyBackend(script, {version});
  const whole = await collectAnswer(
    backend.chat(
      {
        messages: [{role: 'user', content: 'q'}],
        ...formed,
        sampling: {
          temperature: 0,
          ...(budget !== undefined && {thinkingBudget: budget}),
          ...(maxTokens !== undefined && {maxTokens}),
        },
        ...request,
      },
      never,
    ),
  );
  return {...whole, generated: model.answers[0] ?? [], said: answer};
}

describe.each(Object.keys(FORMS) as (keyof typeof FORMS)[])('before %s', (form) => {
  test.each([1, 7, 20])(
    'a thought has exactly %i tokens, then it is ended once and the answer follows',
    async (budget) => {
      const {generated, said, reasoning, finish} = await answered({form, budget});
      expect(generated).toEqual([OPEN, ...Array(budget).fill(x), CLOSE, ...said, EOS]);
      expect(reasoning).toBe('x'.repeat(budget));
      expect(finish).toMatchObject({thinkingCut: true, usage: {reasoningTokens: budget}});
    },
  );

  test('a budget of 0 is no thought', async () => {
    const {generated, said, finish} = await answered({form, budget: 0});
    expect(generated).toEqual([...said, EOS]);
    expect(finish).not.toHaveProperty('thinkingCut');
    expect(finish.usage).not.toHaveProperty('reasoningTokens');
  });
});

test('a thought that ends by itself in time is not cut, and another one may follow within the budget', async () => {
  const script = [OPEN, x, x, CLOSE, ...ids('a'), OPEN, x, x, x, x, CLOSE, ...ids('b'), EOS];
  const {backend, model} = toyBackend({answer: () => script});
  const sampling = {temperature: 0, thinkingBudget: 4};
  const request = {messages: [{role: 'user', content: 'q'}], sampling} as const;
  const {finish} = await collectAnswer(backend.chat(request, never));
  // The end of the second is forced when its two tokens are used up; what it would have gone on with is the answer.
  expect(model.answers[0]).toEqual([OPEN, x, x, CLOSE, ...ids('a'), OPEN, x, x, CLOSE, x, x, ...ids('b'), EOS]);
  expect(finish).toMatchObject({thinkingCut: true, usage: {reasoningTokens: 4}});
});

test('used up to the last token by a thought that ended, a budget allows no other', async () => {
  const script = [OPEN, x, CLOSE, ...ids('a'), OPEN, ...ids('b'), EOS];
  const {backend, model} = toyBackend({answer: () => script});
  const request = {messages: [{role: 'user', content: 'q'}], sampling: {temperature: 0, thinkingBudget: 1}} as const;
  await collectAnswer(backend.chat(request, never));
  expect(model.answers[0]).toEqual([OPEN, x, CLOSE, ...ids('ab'), EOS]);
});

test('behind the end of a thought stands neither mark of one', async () => {
  const script = [OPEN, x, CLOSE, CLOSE, OPEN, ...ids('a'), OPEN, x, CLOSE, ...ids('b'), EOS];
  const {backend, model} = toyBackend({answer: () => script});
  const request = {messages: [{role: 'user', content: 'q'}], sampling: {temperature: 0, thinkingBudget: 9}} as const;
  await collectAnswer(backend.chat(request, never));
  expect(model.answers[0]).toEqual([OPEN, x, CLOSE, ...ids('a'), OPEN, x, CLOSE, ...ids('b'), EOS]);
});

test('a grammar holds until the thought begins, and another one from its end on; one that waits for a call stays', () => {
  const [grammar, opening, behind] = [{gbnf: 'all'}, {gbnf: 'opening'}, {gbnf: 'behind'}];
  const seen = (rules: Pick<ThoughtRules, 'grammar' | 'thoughtful'>) => {
    const guide = thoughtGuide(tokenizer, 'v15', {budget: 2, prompt: [1, 3, 4], ...rules});
    return [OPEN, x, x, CLOSE, x].map((token) => {
      const {grammar: held, forced} = guide?.next() ?? {};
      guide?.take(token);
      return forced === undefined ? held?.gbnf : 'forced';
    });
  };
  expect(seen({grammar, thoughtful: {opening, behind}})).toEqual(['opening', undefined, undefined, 'forced', 'behind']);
  expect(seen({grammar: {...grammar, after: CALLS}})).toEqual(['all', 'all', 'all', 'forced', 'all']);
  expect(seen({})).toEqual([undefined, undefined, undefined, 'forced', undefined]);
});

test('of a thought that the prompt has begun, the ids of the prompt do not count', async () => {
  const begun = {
    role: 'assistant',
    prefix: true,
    content: [{type: 'thinking', thinking: 'so', closed: false}],
  } as const;
  const messages = [{role: 'user', content: 'q'} as const, begun];
  for (const [budget, thought] of [
    [3, 3],
    [0, 0],
  ] as const) {
    const {backend, model} = toyBackend({
      answer: () => [],
      ranked: (generated) => (generated.includes(CLOSE) ? [generated.at(-1) === x + 1 ? EOS : x + 1] : [EOS, x]),
    });
    const request = {messages, sampling: {temperature: 0, thinkingBudget: budget}};
    const {reasoning, content, finish} = await collectAnswer(backend.chat(request, never));
    expect(model.answers[0]).toEqual([...Array(thought).fill(x), CLOSE, x + 1, EOS]);
    expect({reasoning, content, cut: finish.thinkingCut}).toEqual({
      reasoning: 'x'.repeat(thought),
      content: 'y',
      cut: true,
    });
  }
});

test('a cut in the middle of a character leaves no part of it', async () => {
  const [first = -1] = ids('é');
  const {backend} = toyBackend({
    answer: () => [],
    ranked: (generated) => {
      if (generated.includes(CLOSE)) return [generated.at(-1) === CLOSE ? x : EOS];
      return [generated.length === 0 ? OPEN : generated.length % 2 === 0 ? (ids('é')[1] ?? -1) : first];
    },
  });
  const request = {messages: [{role: 'user', content: 'q'}], sampling: {temperature: 0, thinkingBudget: 3}} as const;
  const {reasoning, content} = await collectAnswer(backend.chat(request, never));
  expect({reasoning, content}).toEqual({reasoning: 'é', content: 'x'});
});

describe('the answer has its reserve', () => {
  test.each([
    ['without a wish', undefined, 400, 298],
    ['with a larger wish', 350, 400, 298],
    ['with a smaller one', 20, 400, 20],
  ])('%s', async (_, budget, maxTokens, thought) => {
    const {generated, finish} = await answered({maxTokens, ...(budget !== undefined && {budget})});
    expect(generated.indexOf(CLOSE) - 1).toBe(thought);
    expect(finish.reason).toBe('stop');
    const shortened = `the thought was ended after ${thought} tokens to leave room for the answer: a larger max_tokens, or context, gives it more`;
    expect(finish.notes).toEqual(thought === budget ? undefined : [shortened]);
  });

  test('of the context too, less what the prompt takes', async () => {
    const {generated, prompt} = await answered({contextSize: 406});
    expect(prompt).toHaveLength(4);
    // Of 402: a quarter, and two marks.
    expect(generated.indexOf(CLOSE) - 1).toBe(300);
  });

  test('where there is no room for both, nothing is thought, which is told to whoever asked for a thought', async () => {
    const asked = await answered({budget: 20, maxTokens: 70});
    expect(asked.generated).toEqual([...ids('ok'), EOS]);
    const note = 'there was no room for a thought beside the answer: a larger max_tokens, or context, gives it some';
    expect(asked.finish.notes).toEqual([note]);
    expect(
      (await answered({maxTokens: 70, request: {reasoningEffort: 'high', sampling: {temperature: 0, maxTokens: 70}}}))
        .finish.notes,
    ).toEqual([note]);
    expect((await answered({maxTokens: 70})).finish).not.toHaveProperty('notes');
  });
});

test('JSON of a v13 model has a thought before it only when its system prompt shows one', async () => {
  const form = 'JSON';
  expect((await answered({form, version: 'v13', budget: 3})).generated).toEqual([...ids('{}'), EOS]);
  const shown = [{type: 'thinking', thinking: 'like this', closed: true} as const];
  const messages = [{role: 'system', content: shown} as const, {role: 'user', content: 'q'} as const];
  const told = await answered({form, version: 'v13', budget: 3, request: {messages}});
  expect(told.generated).toEqual([OPEN, x, x, x, CLOSE, ...ids('{}'), EOS]);
  const call = await answered({form: 'a forced call', version: 'v13', budget: 3});
  expect(call.generated.slice(0, 6)).toEqual([OPEN, x, x, x, CLOSE, CALLS]);
});

test('a model without thoughts says that a budget has nothing to limit', async () => {
  const {backend} = toyBackend({answer: () => [x, EOS]}, {version: 'v7'});
  const request = {messages: [{role: 'user', content: 'q'}], sampling: {temperature: 0, thinkingBudget: 9}} as const;
  const {finish} = await collectAnswer(backend.chat(request, never));
  expect(finish.notes).toEqual(['this model has no thoughts that a budget could limit']);
});

describe('a thought in words (v11)', () => {
  const think = (script: string, budget: number) => {
    const {backend, model} = toyBackend({answer: () => [...ids(script), EOS]}, {version: 'v11'});
    const sampling = {temperature: 0, thinkingBudget: budget};
    const request = {messages: [{role: 'user', content: 'q'} as const], sampling};
    return collectAnswer(backend.chat(request, never)).then(({reasoning, content, finish}) => ({
      said: String.fromCharCode(...(model.answers[0] ?? []).slice(0, -1).map((id) => id - 100)),
      ...{reasoning, content, cut: finish.thinkingCut ?? false, tokens: finish.usage.reasoningTokens ?? 0},
    }));
  };

  test.each([
    [5, '<think>abcdefgh', '<think>abcde\n</think>\nfgh', 'abcde', 'fgh', true, 5],
    [0, '<think>abc', '<think>\n</think>\nabc', '', 'abc', true, 0],
    [99, '<think>abc</think>d', '<think>abc</think>d', 'abc', 'd', false, 10],
    // What the model has begun to end is ended, not begun again.
    [5, '<think>abc</', '<think>abc</think>\n', 'abc', '', true, 5],
    [4, '<think>abc\n', '<think>abc\n</think>\n', 'abc', '', true, 4],
    // A second one is text.
    [5, '<think>abcdef<think>g', '<think>abcde\n</think>\nf<think>g', 'abcde', 'f<think>g', true, 5],
    [5, 'no <think>abcdefgh', 'no <think>abcdefgh', '', 'no <think>abcdefgh', false, 0],
  ])('has %i tokens of %j', async (budget, script, said, reasoning, content, cut, tokens) => {
    expect(await think(script, budget)).toEqual({said, reasoning, content, cut, tokens});
  });

  test('is not cut into half a character', async () => {
    expect(await think('<think>aé', 2)).toMatchObject({reasoning: 'a', cut: true});
  });
});

test('random budgets, forms and limits: exactly as many tokens as allowed, and an answer after each', async () => {
  const random = randomNumbers(13);
  const forms = Object.keys(FORMS) as (keyof typeof FORMS)[];
  for (let round = 0; round < 300; round++) {
    const form = forms[random(forms.length)] ?? 'text';
    const budget = random(60);
    const maxTokens = 40 + random(400);
    const reserve = Math.min(1024, Math.max(64, Math.floor(maxTokens / 4)));
    const allowed =
      budget <= maxTokens - reserve - 2 ? budget : maxTokens - reserve - 2 < 16 ? 0 : maxTokens - reserve - 2;
    const {generated, said, finish} = await answered({form, budget, maxTokens});
    const thought = allowed === 0 ? [] : [OPEN, ...Array(allowed).fill(x), CLOSE];
    expect({round, generated}).toEqual({round, generated: [...thought, ...said, EOS]});
    expect(finish.usage.reasoningTokens ?? 0).toBe(allowed);
  }
});
