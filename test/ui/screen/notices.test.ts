import {expect, test} from 'vitest';
import {noticeKind, noticeSequence, titleSequence} from '../../../src/ui/screen/notices.ts';

test.each<[string, string, Record<string, string>]>([
  ['osc99', 'kitty(0.26.5)', {TERM: 'xterm-256color'}],
  ['osc99', '', {TERM: 'xterm-kitty'}],
  ['osc9', 'iTerm2 3.5.0', {}],
  ['osc9', '', {TERM_PROGRAM: 'iTerm.app'}],
  ['osc9', 'WezTerm 20240203', {}],
  ['osc9', 'ghostty 1.1.0', {}],
  ['osc777', 'foot(1.13.1)', {}],
  ['osc777', '', {TERM: 'rxvt-unicode-256color'}],
  ['bell', 'XTerm(379)', {TERM: 'xterm-256color'}],
  ['bell', '', {}],
  ['bell', 'tmux 3.3a', {TERM: 'tmux-256color', TERM_PROGRAM: 'tmux'}],
  ['bell', '', {TERM: 'screen', STY: '1.pts', TERM_PROGRAM: 'iTerm.app'}],
  ['bell', 'tmux 3.4', {TMUX: '/tmp/tmux,1,0', TERM_PROGRAM: 'WezTerm'}],
])('a notice is %s in %j with %j', (kind, version, env) => {
  expect(noticeKind({version, env})).toBe(kind);
});

test('each kind is what that terminal reads', () => {
  expect(noticeSequence('bell', 'Ready')).toBe('\x07');
  expect(noticeSequence('osc9', 'Ready')).toBe('\x1b]9;Ready\x1b\\');
  expect(noticeSequence('osc777', 'a; b')).toBe('\x1b]777;notify;mistral-chat;a, b\x1b\\');
  expect(noticeSequence('osc99', 'Ready')).toBe('\x1b]99;i=1;Ready\x1b\\');
});

test('a name in it ends no sequence and is cut between characters', () => {
  const evil = 'Run a\x1b\\\x07\x9c\n\u202eb?';
  for (const kind of ['osc9', 'osc777', 'osc99'] as const) {
    expect(noticeSequence(kind, evil).slice(2, -2)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
  }
  expect(noticeSequence('osc9', '👍'.repeat(200))).toBe(`\x1b]9;${'👍'.repeat(180)}\x1b\\`);
  expect(titleSequence(evil).slice(4, -2)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
});
