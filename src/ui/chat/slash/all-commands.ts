// The table of slash commands: the palette, /help and the dispatch read the same rows.

import {EngineError} from '../../../base/errors.ts';
import {keyHelp} from '../../keys/keymap.ts';
import {foldedRows} from '../../rows/tool-rows.ts';
import {hangingRows, wrapWords} from '../../rows/two-columns.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';
import type {Item} from '../picker.ts';
import {BRANCH_COMMANDS} from './branch-commands.ts';
import {SETTING_COMMANDS} from './setting-commands.ts';
import {TALK_COMMANDS} from './talk-commands.ts';
import {TOOL_COMMANDS} from './tool-commands.ts';
import {TRANSFER_COMMANDS} from './transfer-commands.ts';

const GENERAL_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'help',
    aliases: ['?'],
    help: 'list the commands',
    anytime: true,
    run: (chat) => chat.note(helpText(chat)),
  },
  {
    name: 'expand',
    help: 'print the last thought or tool result of which one row was shown',
    anytime: true,
    run: (chat) => {
      if (chat.collapsed === '') throw new EngineError('usage', 'nothing to expand');
      chat.print(...foldedRows(chat.collapsed, chat.theme));
    },
  },
  {
    name: 'keys',
    help: 'list the keys',
    anytime: true,
    withoutScreen: 'the terminal itself edits the line; Ctrl+C stops an answer, Ctrl+D leaves',
    run: (chat) => chat.note(`${keyHelp(chat.columns).join('\n')}\n`),
  },
  {name: 'exit', aliases: ['quit', 'bye', 'q'], help: 'leave', anytime: true, run: (chat) => chat.leave()},
];

/** Where the explanations of /help begin; a longer usage has a row of its own. */
const HELP_COLUMN = 24;

/** All commands, in the order of /help. */
const COMMANDS: readonly SlashCommand[] = [
  ...TALK_COMMANDS,
  ...BRANCH_COMMANDS,
  ...SETTING_COMMANDS,
  ...TOOL_COMMANDS,
  ...TRANSFER_COMMANDS,
  ...GENERAL_COMMANDS,
];

const BY_NAME = new Map(
  COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])].map((name) => [name, command])),
);

export interface ParsedCommand {
  readonly name: string;
  readonly argument: string;
  /** Undefined for a name that is no command. */
  readonly command: SlashCommand | undefined;
  readonly anytime: boolean;
}

/** Reads a message as a command; undefined when it is one for the model (`//` starts a message with a slash). */
export function parseCommand(text: string): ParsedCommand | undefined {
  if (/^(exit|quit|:q)\s*$/.test(text)) return parseCommand('/exit');
  const match = /^\/([\w?-]*)(?:\s+([\s\S]*))?$/.exec(text);
  if (match === null) return undefined;
  const name = (match[1] ?? '').toLowerCase();
  const command = BY_NAME.get(name);
  return {name, argument: (match[2] ?? '').trim(), command, anytime: command === undefined || command.anytime === true};
}

/** Runs a command. @throws EngineError for a name that is none, with the nearest one as hint. */
export async function runCommand(chat: ChatContext, {name, argument, command}: ParsedCommand): Promise<void> {
  if (command === undefined) {
    const near = nearest(name);
    const hint = `${near === undefined ? '/help lists the commands' : `/${near} is one`}; // sends a text that starts with a slash`;
    throw new EngineError('usage', `unknown command /${name}`, {hint});
  }
  if (chat.prompt === undefined && command.withoutScreen !== undefined) {
    throw new EngineError('usage', `/${command.name} needs the screen`, {hint: command.withoutScreen});
  }
  await command.run(chat, argument);
}

/** The rows of the palette. */
export function commandItems(): Item[] {
  return COMMANDS.map(({name, usage, help}) => ({
    label: `/${name}`,
    detail: usage === undefined ? help : `${usage}  ${help}`,
  }));
}

/** One command an entry; what does not fit goes on below its own column, or indented where the columns are too few. */
function helpText({prompt, columns}: ChatContext): string {
  const known = COMMANDS.filter(({withoutScreen}) => prompt !== undefined || withoutScreen === undefined);
  const rows = known.map(({name, usage, aliases, help}) => {
    const others = aliases === undefined ? '' : ` (also ${aliases.map((alias) => `/${alias}`).join(', ')})`;
    return [`/${name}${usage === undefined ? '' : ` ${usage}`}`, help + others] as const;
  });
  const note = '@path in a message attaches the file. A message that starts with // is sent with one slash.';
  const keys = prompt === undefined ? '' : ' /keys lists the keys.';
  const notes = wrapWords(note + keys, columns);
  return [...rows.flatMap((row) => hangingRows(row, HELP_COLUMN, columns)), ...notes, ''].join('\n');
}

/** The command name with the fewest edits away, if they are few. */
function nearest(name: string): string | undefined {
  const ranked = [...BY_NAME.keys()]
    .map((known) => ({known, edits: distance(name, known)}))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(1, Math.floor(name.length / 2)) ? best.known : undefined;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({length: b.length + 1}, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
