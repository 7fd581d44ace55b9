// What /help prints: the commands in groups that fit a screen, all of them, or one.
import {hangingRows, wrapWords} from '../../rows/two-columns.ts';
import {COMMAND_GROUPS, type SlashCommand} from '../chat-context.ts';

/** Where the explanations begin; a longer usage has a row of its own. */
const HELP_COLUMN = 24;
/** The same where only names stand before them. */
const NAME_COLUMN = 11;
/** Cells of a group's name in front of its first command. */
const GROUP_CELLS = 7;
/** With fewer cells the names of the groups stand on rows of their own, without an indent of what follows. */
const WIDE = 72;

/** What a person is to be helped with. */
export interface HelpView {
  /** Cells of a row. */
  readonly columns: number;
  /** There is a screen, with keys of its own. */
  readonly hasScreen: boolean;
}

/** The groups, one row each command where there are 80 columns, and the ways out. */
export function shortHelp(commands: readonly SlashCommand[], view: HelpView): string {
  const known = available(commands, view);
  const isWide = view.columns >= WIDE;
  const indent = isWide ? GROUP_CELLS : 0;
  const rows = COMMAND_GROUPS.flatMap((group) => {
    const members = known.filter((command) => command.group === group);
    const lines = members.flatMap(({name, help, brief = help}) =>
      hangingRows([`/${name}`, brief], NAME_COLUMN, view.columns - indent),
    );
    if (!isWide) return [`${group}:`, ...lines];
    return lines.map((line, index) => (index === 0 ? group : '').padEnd(indent) + line);
  });
  const last = view.hasScreen
    ? 'Esc stops an answer. Ctrl+D quits. /keys lists the keys, /help all the rest.'
    : 'Ctrl+C stops an answer. Ctrl+D quits. /help all lists the rest.';
  return [...rows, ...wrapWords(last, view.columns), ''].join('\n');
}

/** Every command with its other names. */
export function fullHelp(commands: readonly SlashCommand[], view: HelpView): string {
  const rows = available(commands, view).flatMap((command) =>
    commandRows(withAliases(command), HELP_COLUMN, view.columns),
  );
  const note = '@PATH in a message attaches that file. Start a message with // to send one that begins with a slash.';
  return [...rows, ...wrapWords(note, view.columns), ''].join('\n');
}

/** One command with its other names. */
export function helpFor(command: SlashCommand, {columns}: HelpView): string {
  return [...commandRows(withAliases(command), HELP_COLUMN, columns), ''].join('\n');
}

const available = (commands: readonly SlashCommand[], {hasScreen}: HelpView) =>
  commands.filter(({withoutScreen}) => hasScreen || withoutScreen === undefined);

function withAliases(command: SlashCommand): SlashCommand {
  const {aliases = [], help} = command;
  if (aliases.length === 0) return command;
  return {...command, help: `${help} (also ${aliases.map((alias) => `/${alias}`).join(', ')})`};
}

/** What does not fit goes on below its own column, or indented where the columns are too few. */
function commandRows({name, usage, help}: SlashCommand, column: number, columns: number): string[] {
  return hangingRows([`/${name}${usage === undefined ? '' : ` ${usage}`}`, help], column, columns);
}
