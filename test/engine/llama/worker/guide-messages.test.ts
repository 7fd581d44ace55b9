import {describe, expect, test} from 'vitest';
import type {Grammar, NextToken, TokenGuide} from '../../../../src/engine/contract/backend.ts';
import {GuideListener, GuideSpeaker} from '../../../../src/engine/llama/worker/guide-messages.ts';
import {type ThoughtRules, thoughtGuide} from '../../../../src/engine/local/thought-guide.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';
import {randomNumbers} from '../../../fixtures/random-numbers.ts';

const tokenizer = toyTokenizer();
const OPEN = tokenizer.controlId('[THINK]') as number;
const CLOSE = tokenizer.controlId('[/THINK]') as number;
const TAGS = tokenizer.encode('<think>/\nx');
const WORDS = [...tokenizer.encode('<think>'), ...tokenizer.encode('a</think>b')];

const plain: Grammar = {gbnf: 'root ::= "a"'};
const later: Grammar = {gbnf: 'root ::= "a"', after: 9};
const thoughtful = {opening: {gbnf: 'root ::= "o"'}, behind: {gbnf: 'root ::= "b"'}};

const rulesOf = (budget: number): ThoughtRules[] => [
  {budget, prompt: [1, 4]},
  {budget, prompt: [1, 4], grammar: later},
  {budget, prompt: [1, 4], grammar: plain},
  {budget, prompt: [1, 4], grammar: plain, thoughtful},
  {budget, prompt: [1, 4, OPEN]},
  {budget, prompt: [1, 4, OPEN], grammar: plain, thoughtful},
];

/** Runs both ends with the ids `draw` gives, and the same guide beside them; counts the words that were needed. */
function compare(make: () => TokenGuide, draw: (next: NextToken, nth: number) => number, ids: number): number {
  const direct = make();
  const speaker = new GuideSpeaker(make());
  const listener = new GuideListener(structuredClone(speaker.begin()));
  let words = 1;
  for (let nth = 0; nth < ids; nth++) {
    const {holds: _, ...wanted} = direct.next();
    const {holds: __, ...heard} = listener.next();
    expect(heard).toEqual({grammar: undefined, ...wanted});
    const token = wanted.forced ?? draw(wanted, nth);
    direct.take(token);
    listener.take(token);
    // The engine may be ahead of the message: what it goes on with must be what the guide will say.
    const word = speaker.take(token);
    expect(listener.isKnown).toBe(word === undefined);
    if (word) {
      listener.hear(structuredClone(word));
      words++;
    }
  }
  return words;
}

describe.each(['v11', 'v15'] as const)('the guide of %s', (version) => {
  test.each([0, 1, 2, 5, Number.POSITIVE_INFINITY])('says the same through messages: budget %d', (budget) => {
    for (const rules of rulesOf(budget)) {
      const make = () => thoughtGuide(tokenizer, version, rules);
      if (make() === undefined) continue;
      for (let seed = 0; seed < 40; seed++) {
        const random = randomNumbers(seed);
        const pool = [OPEN, CLOSE, 2, 9, ...TAGS];
        const draw = ({banned}: NextToken, nth: number) => {
          // Half of them begin as a thought in words does.
          const wanted = seed % 2 === 0 && nth < WORDS.length ? (WORDS[nth] as number) : undefined;
          if (wanted !== undefined && !banned.includes(wanted)) return wanted;
          const allowed = pool.filter((token) => !banned.includes(token));
          return allowed[random(allowed.length)] as number;
        };
        compare(make as () => TokenGuide, draw, 30);
      }
    }
  });

  test('an answer without a thought is not waited for at each of its ids', () => {
    const make = () => thoughtGuide(tokenizer, version, {budget: 100, prompt: [1, 4]}) as TokenGuide;
    expect(compare(make, () => 120, 200)).toBeLessThanOrEqual(2);
  });
});

test('a guide that says nothing of how long it holds is asked for each id', () => {
  let taken = 0;
  const make = (): TokenGuide => ({next: () => ({banned: []}), take: () => void taken++});
  expect(compare(make, () => 5, 20)).toBe(21);
  expect(taken).toBe(40);
});

test('an engine that did not wait is an error, not another answer', () => {
  const listener = new GuideListener({taken: 0, banned: [1]});
  listener.take(5);
  expect(() => listener.next()).toThrow('the guide was not heard');
  listener.hear({taken: 1, forced: 7});
  expect(listener.next()).toEqual({forced: 7, banned: [1], grammar: undefined});
});
