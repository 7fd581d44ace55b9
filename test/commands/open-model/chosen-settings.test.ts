import {expect, test} from 'vitest';
import {chosenSettings} from '../../../src/commands/open-model/chosen-settings.ts';

test('a value is JSON, or else a text', () => {
  expect(chosenSettings({setting: ['verbosity=full', 'budget={"max": 1.0}', 'a=x=y', 'b=', 'c=[1']})).toEqual(
    new Map<string, unknown>([
      ['verbosity', 'full'],
      ['budget', new Map([['max', {source: '1.0'}]])],
      ['a', 'x=y'],
      ['b', ''],
      ['c', '[1'],
    ]),
  );
  expect(chosenSettings({})).toBeUndefined();
});

test.each(['verbosity', '=full', ''])('%j is no setting', (flag) => {
  expect(() => chosenSettings({setting: [flag]})).toThrow(expect.objectContaining({code: 'usage'}));
});

test('a setting is named once', () => {
  expect(() => chosenSettings({setting: ['a=1', 'a=2']})).toThrow('--setting names a twice');
});

test('an effort is a setting as any other, and always a text', () => {
  expect(chosenSettings({reasoningEffort: 'high'})).toEqual(new Map([['reasoning_effort', 'high']]));
  expect(chosenSettings({setting: ['a=1'], reasoningEffort: '5'})).toEqual(
    new Map<string, unknown>([
      ['a', {source: '1'}],
      ['reasoning_effort', '5'],
    ]),
  );
  const twice = () => chosenSettings({setting: ['reasoning_effort=none'], reasoningEffort: 'high'});
  expect(twice).toThrow('--setting reasoning_effort and --reasoning-effort mean the same');
});
