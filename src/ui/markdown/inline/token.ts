// The parts of a line: text, code, links, line breaks, and runs of marks that may begin or end emphasis.
import type {Link} from '../style.ts';

/** A mark without its partner within this many characters is literal text. Bounds what a stream has to hold back. */
export const WINDOW = 400;

/** A run of `*`, `_` or `~`. */
export interface Mark {
  readonly type: 'mark';
  readonly sign: string;
  readonly length: number;
  readonly opens: boolean;
  readonly closes: boolean;
  /** Place in the line of its first character. */
  readonly at: number;
}

export type Token =
  | {readonly type: 'text' | 'code' | 'address'; readonly text: string}
  | {readonly type: 'break'}
  /** Without `link` it only looks like one: its address follows as a token of its own. */
  | {readonly type: 'link'; readonly label: readonly Token[]; readonly link?: Link}
  | Mark;

/** Tokens and where in the text they end; 'wait' = later text could change them. */
export interface Found {
  readonly tokens: readonly Token[];
  readonly end: number;
}
export type Decision = Found | 'wait' | undefined;

export function textToken(text: string): Token {
  return {type: 'text', text};
}
