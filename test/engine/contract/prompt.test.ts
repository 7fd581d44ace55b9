import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {
  commonPrefix,
  HOLE,
  onlyText,
  type Prompt,
  promptSegments,
  textPrompt,
  wholeLength,
} from '../../../src/engine/contract/prompt.ts';
import {medium, type Part, promptOf} from '../../fixtures/media-prompt.ts';

/** Few ids, names and lengths, so that two prompts often begin alike. */
const parts = fc.array(
  fc.oneof(fc.integer({min: 1, max: 2}), fc.tuple(fc.constantFrom('cat', 'dog'), fc.integer({min: 1, max: 3}))),
  {maxLength: 6},
);

/** One entry a place, different for different content: what `commonPrefix` has to compare. */
function placesOf(prompt: Prompt): string[] {
  const places = prompt.tokens.map(String);
  for (const {at, length, medium} of prompt.media) {
    for (let nth = 0; nth < length; nth++) places[at + nth] = `${medium.hash} ${nth} of ${length}`;
  }
  return places;
}

describe('commonPrefix', () => {
  test.each([
    [[], [1], 0],
    [[1, 2, 3], [1, 2, 3], 3],
    [[1, 2, 3], [1, 2], 2],
    [[1, 2, 3], [1, 9, 3], 1],
  ])('%j and %j share %i', (a, b, length) => {
    expect(commonPrefix(textPrompt(a), textPrompt(b))).toBe(length);
  });

  test.each([
    ['the same picture', promptOf(1, ['cat', 3], 2), promptOf(1, ['cat', 3], 3), 4],
    ['another picture of the same size', promptOf(1, ['cat', 3], 2), promptOf(1, ['dog', 3], 2), 1],
    ['the same picture at another size', promptOf(1, ['cat', 3], 2), promptOf(1, ['cat', 2], HOLE, 2), 1],
    ['a picture and ids in its place', promptOf(1, ['cat', 2], 2), promptOf(1, 8, 8, 2), 1],
    ['two pictures side by side', promptOf(['cat', 2], ['dog', 2]), promptOf(['cat', 2], ['dog', 3]), 2],
    ['a picture that is not whole', promptOf(1, ['cat', 3]), {...promptOf(1, ['cat', 3]), tokens: [1, HOLE]}, 1],
    ['holes without a picture', promptOf(1, HOLE), promptOf(1, HOLE), 1],
  ])('%s', (_what, a, b, length) => {
    expect(commonPrefix(a, b)).toBe(length);
  });

  test('is what an entry by entry comparison finds, cut back to whole media', () => {
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const [a, b] = [promptOf(...left), promptOf(...right)];
        const [x, y] = [placesOf(a), placesOf(b)];
        const differing = x.findIndex((place, at) => place !== y[at]);
        const alike = differing === -1 ? x.length : differing;
        expect(commonPrefix(a, b)).toBe(wholeLength(a, alike));
        expect(commonPrefix(b, a)).toBe(commonPrefix(a, b));
        expect(commonPrefix(a, a)).toBe(a.tokens.length);
      }),
    );
  });
});

test('wholeLength cuts before a medium, never inside it', () => {
  const prompt = promptOf(1, ['cat', 3], 2);
  expect([0, 1, 2, 3, 4, 5].map((length) => wholeLength(prompt, length))).toEqual([0, 1, 1, 1, 4, 5]);
});

describe('promptSegments', () => {
  test('text and media in order', () => {
    expect([...promptSegments(promptOf(['cat', 2], 1, 2, ['dog', 1], ['cat', 1]))]).toEqual([
      {medium: medium('cat'), length: 2},
      {tokens: [1, 2]},
      {medium: medium('dog'), length: 1},
      {medium: medium('cat'), length: 1},
    ]);
    expect([...promptSegments(textPrompt([]))]).toEqual([]);
  });

  test('put together again they are the prompt', () => {
    fc.assert(
      fc.property(parts, (given) => {
        const prompt = promptOf(...given);
        const segments = [...promptSegments(prompt)];
        const again = promptOf(
          ...segments.flatMap((segment): readonly Part[] =>
            'tokens' in segment ? segment.tokens : [[new TextDecoder().decode(segment.medium.bytes), segment.length]],
          ),
        );
        expect(again).toEqual(prompt);
        expect(segments.some((segment) => 'tokens' in segment && segment.tokens.length === 0)).toBe(false);
      }),
    );
  });
});

describe('onlyText', () => {
  test('gives the ids of a prompt without media', () => {
    expect(onlyText(textPrompt([1, 2]))).toEqual([1, 2]);
  });

  test.each([
    ['image', 'this engine takes text only, and the prompt holds images'],
    ['audio', 'this engine takes text only, and the prompt holds audio'],
  ] as const)('refuses %s by name', (kind, message) => {
    const prompt = {tokens: [HOLE], media: [{at: 0, length: 1, medium: medium('x', kind)}]};
    expect(() => onlyText(prompt)).toThrow(expect.objectContaining({code: 'unsupported', message}));
  });
});
