import {describe, expect, test} from 'vitest';
import {PromptPace} from '../../../../../src/engine/llama/batching/pace/prompt-step-size.ts';

describe('PromptPace', () => {
  test('a fast machine gets steps of a fifth of a second, after doubling towards them', () => {
    const pace = new PromptPace(512);
    const sizes: number[] = [];
    for (let step = 0; step < 5; step++) {
      const size = pace.tokens(0);
      sizes.push(size);
      pace.measured(size, size / 2);
    }
    expect(sizes).toEqual([64, 128, 256, 400, 400]);
  });

  test('a slow machine keeps the smallest step that costs no speed, and a smaller one beside running answers', () => {
    const pace = new PromptPace(512);
    pace.measured(64, 1000);
    expect(pace.tokens(0)).toBe(64);
    expect(pace.tokens(3)).toBe(16);
  });

  test('a prompt alone that can be stopped is read in steps of a second, beside answers as ever', () => {
    const pace = new PromptPace(512, true);
    const sizes: number[] = [];
    for (let step = 0; step < 5; step++) {
      const size = pace.tokens(0);
      sizes.push(size);
      pace.measured(size, size * 5);
    }
    expect(sizes).toEqual([64, 128, 192, 192, 192]);
    expect(pace.tokens(2)).toBe(32);
  });

  test('a step fits the batch together with the answers', () => {
    expect(new PromptPace(32).tokens(0)).toBe(32);
    expect(new PromptPace(32).tokens(30)).toBe(2);
  });

  test('short steps and clocks that stand still teach nothing wrong', () => {
    const pace = new PromptPace(512);
    pace.measured(3, 5000);
    expect(pace.tokens(0)).toBe(64);
    pace.measured(64, 0);
    expect(pace.tokens(0)).toBe(128);
  });
});
