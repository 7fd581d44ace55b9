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

test.each([
  [{TERM: 'xterm-kitty'}, true, true],
  [{TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app'}, true, true],
  [{TERM: 'xterm-256color', TERM_PROGRAM: 'vscode'}, true, true],
  [{TERM: 'alacritty'}, true, true],
  [{TERM: 'xterm-256color', TERM_PROGRAM: 'rio'}, true, true],
  [{TERM: 'xterm-256color', VTE_VERSION: '7006'}, true, true],
  [{TERM: 'xterm-256color', VTE_VERSION: '4602'}, false, true],
  [{TERM: 'xterm-256color', KONSOLE_VERSION: '221203'}, true, true],
  [{TERM: 'xterm-256color'}, false, true],
  [{TERM: 'xterm-kitty', TMUX: '/tmp/tmux-0/default,1,0'}, false, true],
  [{TERM: 'tmux-256color', VTE_VERSION: '7006'}, false, true],
  [{TERM: 'screen', STY: '1.a', KONSOLE_VERSION: '221203'}, false, true],
  [{TERM: 'linux'}, false, false],
  [{TERM: 'dumb'}, false, false],
  [{}, false, false],
])('%j: labels hide their targets %s, addresses are links %s', (env, hyperlinks, addresses) => {
  expect(terminalAbilities(env)).toMatchObject({hyperlinks, addresses});
});

test('the screen asks the same rule', () => {
  expect(terminalAbilities({NO_COLOR: '1', FORCE_COLOR: '1'}).color).toBe(false);
  expect(terminalAbilities({TERM: 'xterm-256color'}).color).toBe(true);
});
