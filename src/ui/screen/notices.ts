// Telling somebody who looks at another window: the terminal's notices, each terminal by the sequence it knows, and the bell.
import type {TerminalSequence} from '../../base/terminal-text.ts';
import {rowText} from '../markdown/style.ts';

export type NoticeKind = 'bell' | 'osc9' | 'osc777' | 'osc99';

/** Characters of a notice; what is longer is cut. */
const LONGEST = 180;

export const BELL = '\x07' as TerminalSequence;

/** What is known of the terminal: the name it gave (XTVERSION), and the environment. */
export interface NoticeTerminal {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** By a word of the terminal's name, TERM or TERM_PROGRAM. */
const KINDS: readonly (readonly [RegExp, NoticeKind])[] = [
  [/kitty/, 'osc99'],
  [/iterm|wezterm|ghostty/, 'osc9'],
  [/foot|rxvt/, 'osc777'],
];

/**
 * How this terminal shows notices. Inside tmux and screen it is a bell, which tmux marks the window by: what is written for
 * the terminal outside may or may not be passed on.
 */
export function noticeKind({version, env}: NoticeTerminal): NoticeKind {
  if (env.TMUX || env.STY || /^(tmux|screen)/i.test(version)) return 'bell';
  const names = `${version} ${env.TERM} ${env.TERM_PROGRAM}`.toLowerCase();
  return KINDS.find(([name]) => name.test(names))?.[1] ?? 'bell';
}

/** A notice as the terminal takes it. Texts of ours begin with a letter: some terminals read `9;4` as progress. */
export function noticeSequence(kind: NoticeKind, text: string): TerminalSequence {
  const shown = cut(text);
  switch (kind) {
    case 'bell':
      return BELL;
    case 'osc9':
      return `\x1b]9;${shown}\x1b\\` as TerminalSequence;
    case 'osc777':
      return `\x1b]777;notify;mistral-chat;${shown.replaceAll(';', ',')}\x1b\\` as TerminalSequence;
    case 'osc99':
      return `\x1b]99;i=1;${shown}\x1b\\` as TerminalSequence;
  }
}

/** The title of the window. */
export function titleSequence(title: string): TerminalSequence {
  return `\x1b]2;${cut(title)}\x1b\\` as TerminalSequence;
}

/** Without control characters, which would end a sequence. */
function cut(text: string): string {
  return Array.from(rowText(text)).slice(0, LONGEST).join('');
}
