// Colours: one rule for the screen, the spinner and the word "error:".
import {expect, test} from 'vitest';
import {terminalAbilities, usesColour} from '../../../src/commands/host/terminal-abilities.ts';

test.each([
  [{}, true, true],
  [{}, false, false],
  [{NO_COLOR: '1'}, true, false],
  [{NO_COLOR: ''}, true, true],
  [{NO_COLOR: '1', FORCE_COLOR: '1'}, true, false],
  [{FORCE_COLOR: '1'}, false, true],
  [{FORCE_COLOR: '0'}, true, false],
  [{TERM: 'dumb'}, true, false],
  [{TERM: 'dumb', FORCE_COLOR: '3'}, true, true],
])('%j on a terminal (%s): %s', (env, isTerminal, expected) => {
  expect(usesColour(env, isTerminal)).toBe(expected);
});

test('the screen asks the same rule', () => {
  expect(terminalAbilities({NO_COLOR: '1', FORCE_COLOR: '1'}).color).toBe(false);
  expect(terminalAbilities({TERM: 'xterm-256color'}).color).toBe(true);
});
