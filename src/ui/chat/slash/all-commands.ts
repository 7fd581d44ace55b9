// The table of slash commands: the palette, /help and the dispatch read the same rows.

import {shorten} from '../../../base/cells/graphemes.ts';
import {EngineError} from '../../../base/errors.ts';
import {keyHelp} from '../../keys/keymap.ts';
import {rowText} from '../../markdown/style.ts';
import {foldedRows} from '../../rows/tool-rows.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';
import type {Item} from '../picker.ts';
import {BRANCH_COMMANDS} from './branch-commands.ts';
import {fullHelp, helpFor, shortHelp} from './help-text.ts';
import {nearestName} from './nearest-name.ts';
import {SETTING_COMMANDS} from './setting-commands.ts';
import {shellCommand} from './shell-commands.ts';
import {TALK_COMMANDS} from './talk-commands.ts';
import {TOOL_COMMANDS} from './tool-commands.ts';
import {TRANSFER_COMMANDS} from './transfer-commands.ts';

const GENERAL_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'help',
    aliases: ['?'],
    usage: '[all | COMMAND]',
    help: 'list the commands',
    anytime: true,
    run: help,
  },
  {
    name: 'expand',
    group: 'look',
    brief: 'print the last collapsed thought or result',
    help: 'print the last collapsed thought, tool result or paste in full',
    anytime: true,
    run: (chat) => {
      if (chat.collapsed === '') throw new EngineError('usage', 'there is nothing to expand');
      chat.print(...foldedRows(chat.collapsed, chat.theme));
    },
  },
  {
    name: 'keys',
    help: 'list the keyboard shortcuts',
    anytime: true,
    withoutScreen: 'your terminal edits the line; Ctrl+C stops an answer, Ctrl+D quits',
    run: (chat) => chat.note(`${keyHelp(chat.columns).join('\n')}\n`),
  },
  {
    name: 'exit',
    aliases: ['quit', 'bye', 'q'],
    help: 'quit (also Ctrl+D)',
    anytime: true,
    run: (chat) => chat.leave(),
  },
];

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

/** Words without a slash that quit, whenever they are all of a message. */
const QUITS = /^(exit|quit|:q)\s*$/;
/** And those that ask for help, as the first message of a chat: later the model may be meant. */
const ASKS_FOR_HELP = /^(help|\?)\s*$/;

export interface ParsedCommand {
  readonly name: string;
  readonly argument: string;
  /** Undefined for a name that is no command. */
  readonly command: SlashCommand | undefined;
  readonly anytime: boolean;
}

/**
 * Reads a message as a command; undefined when it is one for the model (`//` starts a message with a slash).
 * `isFirst`: nothing was said in this chat yet.
 */
export function parseCommand(text: string, isFirst = false): ParsedCommand | undefined {
  if (QUITS.test(text)) return parseCommand('/exit');
  if (isFirst && ASKS_FOR_HELP.test(text)) return parseCommand('/help');
  const shell = shellCommand(text);
  if (shell !== undefined) {
    const {command, line} = shell;
    return {name: command.name, argument: line.trimEnd(), command, anytime: false};
  }
  const match = /^\/([\w?-]*)(?:\s+([\s\S]*))?$/.exec(text);
  if (match === null) return undefined;
  const name = (match[1] ?? '').toLowerCase();
  const command = BY_NAME.get(name);
  return {name, argument: (match[2] ?? '').trim(), command, anytime: command === undefined || command.anytime === true};
}

/**
 * Runs a command. @throws EngineError `usage` for a name that does not exist, with the one that was probably meant as hint,
 * and for an argument to a command that takes none: it would be ignored.
 */
export async function runCommand(chat: ChatContext, {name, argument, command}: ParsedCommand): Promise<void> {
  if (command === undefined) throw unknownCommand(name);
  if (chat.prompt === undefined && command.withoutScreen !== undefined) {
    throw new EngineError('usage', `${shownName(command)} needs the screen`, {hint: command.withoutScreen});
  }
  if (argument !== '' && command.usage === undefined) {
    throw new EngineError('usage', `/${name} takes no argument, but got ${shorten(rowText(argument), 40)}`, {
      hint: command.argumentHint ?? `type /${name} alone`,
    });
  }
  await command.run(chat, argument);
}

const shownName = ({name}: SlashCommand) => (name.startsWith('!') ? name : `/${name}`);

function unknownCommand(name: string): EngineError {
  const near = nearestName(name, BY_NAME.keys());
  const hint = near === undefined ? '/help lists the commands.' : `Did you mean /${near}?`;
  return new EngineError('usage', `unknown command /${name}`, {
    hint: `${hint} To send text that begins with a slash, type //.`,
  });
}

/** The rows of the palette. */
export function commandItems(): Item[] {
  return COMMANDS.map(({name, usage, help}) => ({
    label: `/${name}`,
    detail: usage === undefined ? help : `${usage}  ${help}`,
  }));
}

function help(chat: ChatContext, argument: string): void {
  const view = {columns: chat.columns, hasScreen: chat.prompt !== undefined};
  const name = argument.replace(/^\//, '').toLowerCase();
  const command = BY_NAME.get(name);
  if (name === '') chat.note(shortHelp(COMMANDS, view));
  else if (name === 'all') chat.note(fullHelp(COMMANDS, view));
  else if (command !== undefined) chat.note(helpFor(command, view));
  else throw unknownCommand(name);
}
