import {expect, test} from 'vitest';
import {chosenSettings} from '../../../src/commands/open-model/chosen-settings.ts';

test('a value is JSON, or else a text', () => {
  expect(chosenSettings(['verbosity=full', 'budget={"max": 1.0}', 'a=x=y', 'b=', 'c=[1'])).toEqual(
    new Map<string, unknown>([
      ['verbosity', 'full'],
      ['budget', new Map([['max', {source: '1.0'}]])],
      ['a', 'x=y'],
      ['b', ''],
      ['c', '[1'],
    ]),
  );
  expect(chosenSettings(undefined)).toBeUndefined();
});

test.each(['verbosity', '=full', ''])('%j is no setting', (flag) => {
  expect(() => chosenSettings([flag])).toThrow(expect.objectContaining({code: 'usage'}));
});

test('a setting is named once', () => {
  expect(() => chosenSettings(['a=1', 'a=2'])).toThrow('--setting names a twice');
});
