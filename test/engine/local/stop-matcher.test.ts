import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {StopMatcher} from '../../../src/engine/local/stop-matcher.ts';

function run(stops: readonly string[], pieces: readonly string[]): {shown: string[]; stop: string | undefined} {
  const matcher = new StopMatcher(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const step = matcher.push(piece);
    shown.push(step.text);
    if (step.stop !== undefined) return {shown, stop: step.stop};
  }
  shown.push(matcher.end());
  return {shown, stop: undefined};
}

describe('StopMatcher', () => {
  test('holds back only what could become a stop string', () => {
    expect(run(['END'], ['a', 'bE', 'N', 'x', 'E'])).toEqual({shown: ['a', 'b', '', 'ENx', '', 'E'], stop: undefined});
  });

  test('never shows the beginning of a stop string that is completed later', () => {
    expect(run(['\n\nUser:'], ['Hi.', '\n', '\nUs', 'er: more'])).toEqual({
      shown: ['Hi.', '', '', ''],
      stop: '\n\nUser:',
    });
  });

  test('finds a stop string that begins inside a failed one', () => {
    expect(run(['aab'], ['aa', 'aab'])).toEqual({shown: ['', 'aa'], stop: 'aab'});
  });

  test('of two that end together the longest wins', () => {
    expect(run(['b', 'ab'], ['xa', 'b'])).toEqual({shown: ['x', ''], stop: 'ab'});
  });

  test('without stop strings everything passes at once', () => {
    expect(run([], ['a', 'b'])).toEqual({shown: ['a', 'b', ''], stop: undefined});
  });

  test('a thousand stop strings cost no more than a few', () => {
    const stops = Array.from({length: 1000}, (_, n) => `<stop-${n}>`);
    expect(run(stops, ['see <stop-', '99', '9', '> and more'])).toEqual({
      shown: ['see ', '', '', ''],
      stop: '<stop-999>',
    });
  });

  test('any split of the text gives the same answer as the whole text', () => {
    const alphabet = fc.constantFrom('a', 'b', 'c');
    const word = fc.array(alphabet, {minLength: 1, maxLength: 4}).map((letters) => letters.join(''));
    const pieces = fc.array(fc.array(alphabet, {maxLength: 4}).map((letters) => letters.join('')));
    fc.assert(
      fc.property(fc.array(word, {maxLength: 4}), pieces, (stops, split) => {
        const whole = split.join('');
        const ends = stops.flatMap((stop) => {
          const at = whole.indexOf(stop);
          return at < 0 ? [] : [{end: at + stop.length, stop}];
        });
        const first = Math.min(...ends.map(({end}) => end));
        const longest = Math.max(0, ...ends.filter(({end}) => end === first).map(({stop}) => stop.length));
        const {shown, stop} = run(stops, split);
        expect(shown.join('')).toBe(ends.length > 0 ? whole.slice(0, first - longest) : whole);
        expect(stop === undefined).toBe(ends.length === 0);
      }),
    );
  });
});
