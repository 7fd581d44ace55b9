// Links, images and addresses in a line, as tokens.
import type {Theme} from '../style.ts';
import {runLength} from './code-span.ts';
import {decodeEntities} from './entities.ts';
import {linkTarget} from './link-target.ts';
import {type Decision, type Token, textToken, WINDOW} from './token.ts';

/** Numbers the links of an answer: the parts of one that was wrapped have the same number. */
export interface LinkIds {
  last: number;
}

/** A target that is longer is text, and so is an address. */
const LONGEST_TARGET = 2100;
const LONGEST_TITLE = 200;
/** Brackets inside each other in a target. */
const DEEPEST = 4;
const PUNCTUATION = /^[!-/:-@[-`{-~]/;

/** The text and target of `[label](target "title")`, and where it ends. */
interface Parts {
  readonly label: string;
  readonly target: string;
  readonly end: number;
}

/**
 * The link or image whose `[` is at `at`. A label that names the target hides it where the terminal opens links; otherwise
 * the target follows the label. `tokensOf` reads the label.
 */
export function linkAt(
  text: string,
  at: number,
  closed: boolean,
  context: {theme: Theme; ids: LinkIds; tokensOf: (label: string) => readonly Token[]},
): Decision {
  const parts = linkParts(text, at, closed);
  if (parts === undefined || parts === 'wait') return parts;
  const {label, target, end} = parts;
  const tokens = label.trim() === '' ? [textToken(target)] : context.tokensOf(label);
  return {tokens: linkTokens(tokens, target, context.theme, context.ids), end};
}

/** The image whose `!` is at `at`: what it shows and, outside the label of a link, where it is. */
export function imageAt(
  text: string,
  at: number,
  closed: boolean,
  context: {inLabel: boolean; tokensOf: (label: string) => readonly Token[]},
): Decision {
  if (text.length === at + 1) return closed ? undefined : 'wait';
  if (text[at + 1] !== '[') return undefined;
  const parts = linkParts(text, at + 1, closed);
  if (parts === undefined || parts === 'wait') return parts;
  const label = plainText(context.tokensOf(parts.label)).trim();
  const shown = textToken(label === '' ? '[image]' : `[image: ${label}]`);
  if (context.inLabel) return {tokens: [shown], end: parts.end};
  const target = linkTarget('', parts.target).shown;
  return {tokens: [shown, {type: 'address', text: ` (${target})`}], end: parts.end};
}

/** An address in angle brackets, which are not shown. */
export function autolinkAt(text: string, at: number, closed: boolean, theme: Theme, ids: LinkIds): Decision {
  const window = text.slice(at, at + WINDOW);
  const end = window.slice(1).search(/[\s<>]/) + 1;
  if (end === 0) return closed || window.length === WINDOW ? undefined : 'wait';
  if (window[end] !== '>') return undefined;
  const inner = window.slice(1, end);
  const isMail = /^[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+$/.test(inner);
  if (!isMail && !/^(?:[a-z][a-z0-9+.-]{1,31}:\/\/|mailto:)./i.test(inner)) return undefined;
  return {tokens: addressTokens(inner, isMail ? `mailto:${inner}` : inner, theme, ids), end: at + end + 1};
}

/** Where a bare address begins: not within a word. */
export const BARE_ADDRESS = /(?<![\p{L}\p{N}])https?:\/\//iu;
/** Signs that end an address: those of HTML and code, and the punctuation of Chinese and Japanese. */
const ADDRESS_END = /[\s<>"`|\u3000-\u303f\uff01-\uff0f\uff1a-\uff1f]/;

/** The bare address at `at`, without the punctuation behind it. */
export function bareAddressAt(text: string, at: number, closed: boolean, theme: Theme, ids: LinkIds): Decision {
  const window = text.slice(at, at + LONGEST_TARGET);
  const found = window.search(ADDRESS_END);
  if (found < 0 && window.length < LONGEST_TARGET && !closed) return 'wait';
  const written = trimmed(found < 0 ? window : window.slice(0, found));
  if (!/^https?:\/\/[^/?#:]/i.test(written)) return {tokens: [textToken(written)], end: at + written.length};
  const address = unescaped(written);
  return {tokens: addressTokens(address, address, theme, ids), end: at + written.length};
}

/** An address without punctuation and closing brackets that belong to the sentence. */
function trimmed(address: string): string {
  let end = address.length;
  let open = 0;
  for (const sign of address) open += sign === '(' ? 1 : sign === ')' ? -1 : 0;
  for (; end > 0; end -= 1) {
    const last = address[end - 1] ?? '';
    if (last === ')' && open < 0) open += 1;
    else if (!/[.,;:!?'"*_~\]}\\]/.test(last)) break;
  }
  return address.slice(0, end);
}

function addressTokens(shown: string, target: string, theme: Theme, ids: LinkIds): Token[] {
  const {uri, shown: ascii} = linkTarget(shown, target);
  const label = [textToken(shown)];
  // A name that is not ASCII may look like another one.
  const address = ascii === target ? [] : [{type: 'address', text: ` (${ascii})`} as const];
  return uri === undefined || !theme.addresses
    ? [...label, ...address]
    : [{type: 'link', label, link: {target: uri, id: nextId(ids)}}, ...address];
}

function linkTokens(label: readonly Token[], target: string, theme: Theme, ids: LinkIds): Token[] {
  const plain = plainText(label);
  const {uri, shown, misleads} = linkTarget(plain, target);
  const isHidden = theme.hyperlinks && !theme.keepsMarks && !misleads;
  const address: Token[] = isHidden || shown === plain ? [] : [{type: 'address', text: ` (${shown})`}];
  if (uri === undefined) return [...label, ...address];
  if (!theme.hyperlinks) return [{type: 'link', label}, ...address];
  return [{type: 'link', label, link: {target: uri, id: nextId(ids)}}, ...address];
}

function nextId(ids: LinkIds): number {
  ids.last += 1;
  return ids.last;
}

/** The letters of tokens, without any look. */
export function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'mark') return token.sign.repeat(token.length);
      if (token.type === 'link') return plainText(token.label);
      return token.type === 'break' ? ' ' : token.text;
    })
    .join('');
}

function linkParts(text: string, at: number, closed: boolean): Parts | 'wait' | undefined {
  const labelEnd = labelEndAt(text, at, closed);
  if (typeof labelEnd !== 'number') return labelEnd;
  const next = text[labelEnd + 1];
  if (next === undefined) return closed ? undefined : 'wait';
  if (next !== '(') return undefined;
  const rest = text.slice(labelEnd + 2, labelEnd + 2 + LONGEST_TARGET + LONGEST_TITLE);
  const isAll = closed || rest.length === LONGEST_TARGET + LONGEST_TITLE;
  const found = targetIn(rest);
  if (found === 'more') return isAll ? undefined : 'wait';
  if (found === undefined) return undefined;
  return {label: text.slice(at + 1, labelEnd), target: found.target, end: labelEnd + 2 + found.end};
}

/** Index of the bracket that closes the one at `at`; escapes, code and brackets inside count. */
function labelEndAt(text: string, at: number, closed: boolean): number | 'wait' | undefined {
  const limit = at + WINDOW;
  let depth = 0;
  for (let index = at; index < limit; index += 1) {
    const sign = text[index];
    if (sign === undefined) return closed ? undefined : 'wait';
    if (sign === '\\') index += 1;
    else if (sign === '`') {
      const length = runLength(text, index);
      const end = text.slice(0, limit).indexOf('`'.repeat(length), index + length);
      if (end < 0 && !closed && text.length < limit) return 'wait';
      index = (end < 0 ? index : end) + length - 1;
    } else if (sign === '[') depth += 1;
    else if (sign === ']') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return undefined;
}

/** The target behind `(`, up to its `)`. 'more' = the text ends before it is decided. */
function targetIn(rest: string): {target: string; end: number} | 'more' | undefined {
  let at = spacesEnd(rest, 0);
  let target: string;
  if (rest[at] === '<') {
    const end = rest.slice(at + 1).search(/[<>]/) + at + 1;
    if (end === at) return 'more';
    if (rest[end] !== '>') return undefined;
    target = rest.slice(at + 1, end);
    at = end + 1;
  } else {
    const end = bareTargetEnd(rest, at);
    if (typeof end !== 'number') return end;
    target = rest.slice(at, end);
    at = end;
  }
  if (target === '' || target.length > LONGEST_TARGET) return undefined;
  const behind = titleEnd(rest, spacesEnd(rest, at));
  if (typeof behind !== 'number') return behind;
  if (rest[behind] === undefined) return 'more';
  return rest[behind] === ')' ? {target: decodeEntities(unescaped(target)), end: behind + 1} : undefined;
}

function spacesEnd(text: string, at: number): number {
  let end = at;
  while (text[end] === ' ' || text[end] === '\t') end += 1;
  return end;
}

/** End of a target without spaces; brackets in it are balanced. */
function bareTargetEnd(rest: string, from: number): number | 'more' | undefined {
  let depth = 0;
  for (let at = from; ; at += 1) {
    const sign = rest[at];
    if (sign === undefined) return 'more';
    if (sign === '<') return undefined;
    if (sign === ' ' || sign === '\t') return depth === 0 ? at : undefined;
    if (sign === '\\') at += 1;
    else if (sign === '(') {
      depth += 1;
      if (depth > DEEPEST) return undefined;
    } else if (sign === ')') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
}

/** End of a title with the spaces behind it; `from` where there is none. */
function titleEnd(rest: string, from: number): number | 'more' | undefined {
  const open = rest[from];
  if (open !== '"' && open !== "'" && open !== '(') return from;
  const end = rest.slice(0, from + LONGEST_TITLE).indexOf(open === '(' ? ')' : open, from + 1);
  if (end < 0) return rest.length < from + LONGEST_TITLE ? 'more' : undefined;
  return spacesEnd(rest, end + 1);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (whole, sign: string) => (PUNCTUATION.test(sign) ? sign : whole));
}
