// What is asked of a terminal with the first frame, in one write, and what its answers say about the width of text.
import {DEFAULT_WIDTHS, type WidthTable} from '../../../base/cells/width-by-class.ts';
import type {TerminalSequence} from '../../../base/terminal-text.ts';
import type {TerminalEvent} from '../../keys/event.ts';

/** A place that the terminal reported, counted from 1. */
type Report = Extract<TerminalEvent, {type: 'cursor'}>;

/** What the cells of a probe say about the terminal. */
interface Probe {
  readonly text: string;
  readonly meaning: (cells: number) => Partial<WidthTable>;
}

const PROBES: readonly Probe[] = [
  {text: '\u0e19\u0e33', meaning: (cells) => ({saraAm: cells === 1 ? 0 : 1})},
  {text: '\u0939\u093f', meaning: (cells) => ({vowelSign: cells === 1 ? 0 : 1})},
  {text: '\u0928\u094d\u0926', meaning: (cells) => ({conjunctAdds: cells !== 1})},
  {text: '\u1112\u1161\u11ab', meaning: (cells) => ({jamo: cells > 2 ? 1 : 0})},
  {text: '\u2764\ufe0f', meaning: (cells) => ({selectorWidens: cells === 2})},
  {text: '\u{1f44d}\u{1f3fd}', meaning: (cells) => ({skinTone: cells > 2 ? 2 : 0})},
  {text: '\u{1f468}\u200d\u{1f469}', meaning: (cells) => ({joinerMerges: cells <= 2})},
  {text: '\u{1f1eb}\u{1f1f7}', meaning: (cells) => ({flag: cells === 4 ? 4 : 2})},
  {text: '\u03b1', meaning: (cells) => ({ambiguous: cells === 2 ? 2 : 1})},
  {text: '\u{1fae8}', meaning: (cells) => ({newEmoji: cells === 0 || cells === 1 ? cells : 2})},
];

/** A report further right than this is of something else: the widest probe takes 8 cells. */
const LAST_COLUMN = 12;

const BEGIN = '\x1b[?2026h';
/** Kitty keyboard? st takes this for "restore cursor" and jumps to the top left: the cursor is saved and restored around it. */
const KITTY_QUERY = '\x1b7\x1b[?u\x1b8';
/** The background, to choose a shade beside it. */
const BACKGROUND_QUERY = '\x1b]11;?\x1b\\';
const VERSION_QUERY = '\x1b[>q';
const POSITION_QUERY = '\x1b[6n';
/** Every terminal answers this one, in its turn: what was asked before and has not come by then does not come. */
const ATTRIBUTES_QUERY = '\x1b[c' as TerminalSequence;
const CLEAR_ROW = '\r\x1b[K';

/** Terminals that print what they are asked, or answer nothing. */
const ASKED_NOTHING = /^(?:$|dumb$|linux$|cons25|eterm)/;

export interface Question {
  /** To be written before the first frame, where it begins. */
  readonly before: TerminalSequence;
  /** To be written behind it. */
  readonly after: TerminalSequence;
  /** Reports of the cursor that will come. */
  readonly reports: number;
}

/** False for a terminal that prints what it does not know, or is none. */
export function understandsQuestions(term: string | undefined): boolean {
  return !ASKED_NOTHING.test(term ?? '');
}

/**
 * What this terminal is asked; undefined for one that is asked nothing. GNU screen answers the background behind its
 * attributes, when nobody waits any more: it is not asked for it.
 */
export function questionFor(term: string | undefined, columns: number): Question | undefined {
  if (!understandsQuestions(term)) return undefined;
  const background = term?.startsWith('screen') === true ? '' : BACKGROUND_QUERY;
  const probes = columns < LAST_COLUMN ? [] : PROBES;
  const widths = probes.map(({text}) => `\r${text}${POSITION_QUERY}`).join('');
  const before = BEGIN + KITTY_QUERY + background + VERSION_QUERY + widths + CLEAR_ROW;
  return {before: before as TerminalSequence, after: ATTRIBUTES_QUERY, reports: probes.length};
}

/**
 * The widths of the terminal that gave these reports, in the order of the probes; undefined where they are not answers to all
 * of them, on one row.
 */
export function widthsFrom(reports: readonly Report[]): WidthTable | undefined {
  const [first] = reports;
  if (first === undefined || reports.length !== PROBES.length) return undefined;
  if (reports.some(({row, column}) => row !== first.row || column < 1 || column > LAST_COLUMN)) return undefined;
  return Object.assign({}, DEFAULT_WIDTHS, ...PROBES.map(({meaning}, at) => meaning((reports[at]?.column ?? 1) - 1)));
}
