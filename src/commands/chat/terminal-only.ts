// Flags that only a chat at a terminal can keep: anywhere else they are refused, as nobody would notice that they do nothing.
import type {Command} from 'commander';
import {EngineError} from '../../base/errors.ts';

interface TerminalOnly {
  /** Names of options as commander has them. */
  readonly options: readonly string[];
  /** A value that asks for what a pipe does anyway. */
  readonly harmless?: string;
  readonly problem: string;
  readonly hint: string;
}

/** Commands run only when somebody agrees, a kept chat is one of instructions, and figures and notices are for who looks on. */
const TERMINAL_ONLY: readonly TerminalOnly[] = [
  {
    options: ['tools', 'exec'],
    problem: '--tools and --exec work only in a terminal',
    hint: 'In a pipe, use mistral-tools.',
  },
  {
    options: ['continue', 'resume'],
    problem: '--continue and --resume work only in a terminal, with --instruct',
    hint: 'In a pipe, all lines of one run are one conversation; print a saved chat with `mistral sessions export`.',
  },
  {
    options: ['stats'],
    harmless: 'off',
    problem: '--stats works only in a chat at a terminal',
    hint: 'In a pipe and with -p, --json has the figures of each answer.',
  },
  {
    options: ['notify'],
    harmless: 'off',
    problem: '--notify works only in a chat at a terminal',
    hint: 'Omit it in a pipe and with -p: the program ends when the answer is there.',
  },
];

/**
 * Refuses what was asked on the command line for a chat at a terminal. A settings file may ask for it: it is for those chats, too.
 * @throws EngineError `usage`
 */
export function refuseWithoutTerminal(command: Command): void {
  for (const {options, harmless, problem, hint} of TERMINAL_ONLY) {
    const asked = options.some(
      (name) => command.getOptionValueSource(name) === 'cli' && command.getOptionValue(name) !== harmless,
    );
    if (asked) throw new EngineError('usage', problem, {hint});
  }
}
