// The status line: what happens now, how fast, how full the context is where that matters; never wrapped.

import {shorten} from '../../base/cells/graphemes.ts';
import {paint, type Row, rowText, type Theme} from '../markdown/style.ts';
import {type Part, partsRow} from './parts-row.ts';

/** What the program is doing. */
export type Phase =
  | {readonly kind: 'loading'; readonly fraction: number | undefined}
  | {readonly kind: 'idle'}
  | {readonly kind: 'reading'; readonly done: number; readonly total: number}
  | {readonly kind: 'thinking' | 'generating'; readonly tokens: number; readonly tokensPerSecond: number | undefined}
  | {readonly kind: 'working'; readonly what: string};

export interface Status {
  readonly phase: Phase;
  readonly model: string;
  /** Tokens in the context after the last turn, and how many it holds. */
  readonly used: number;
  readonly limit: number | undefined;
  readonly seed: number | undefined;
  readonly queued: number;
  /** Takes the place of everything else, such as `press Ctrl+C again to quit`. */
  readonly notice: string | undefined;
}

/** The context is shown from here on, and stands out from the second and the third on. Percent. */
const CONTEXT_SHOWN = 50;
const CONTEXT_WARNING = 80;
const CONTEXT_FULL = 95;

/** The status line for a terminal of `columns` cells. */
export function statusRow(status: Status, columns: number, theme: Theme): Row {
  const room = columns - 2;
  if (status.notice !== undefined) return paint(shorten(rowText(status.notice), room, theme.ellipsis), theme.warning);
  return partsRow(segments(status, theme), room, theme);
}

function segments(status: Status, theme: Theme): Part[] {
  const dim = theme.dim;
  const working = status.phase.kind === 'loading' || status.phase.kind === 'idle' ? dim : theme.accent;
  return [
    ...phaseTexts(status.phase).map((text, index) => ({text, style: index === 0 ? working : dim})),
    ...(status.queued > 0 ? [{text: `${status.queued} waiting`, style: theme.accent}] : []),
    ...fill(status, theme),
    {text: status.model, style: dim},
    ...(status.seed === undefined ? [] : [{text: `seed ${status.seed}`, style: dim}]),
  ];
}

function phaseTexts(phase: Phase): string[] {
  switch (phase.kind) {
    case 'loading': {
      const percent = phase.fraction === undefined ? '' : ` ${Math.floor(phase.fraction * 100)}%`;
      return [`loading${percent}`, 'Enter sends once it is loaded'];
    }
    case 'idle':
      return ['ready'];
    case 'reading':
      return [`reading the prompt${readShare(phase)}`, STOPS];
    case 'thinking':
    case 'generating': {
      const rate = phase.tokensPerSecond === undefined ? '' : `${phase.tokensPerSecond.toFixed(1)} tok/s`;
      return [phase.kind === 'thinking' ? 'thinking' : 'answering', rate, STOPS];
    }
    case 'working':
      return [phase.what];
  }
}

const STOPS = 'Esc to stop';

/** ` 40%`; nothing where it is not known. */
function readShare({done, total}: {readonly done: number; readonly total: number}): string {
  return total === 0 ? '' : ` ${Math.floor((100 * done) / total)}%`;
}

/** The phase as one that does not change until the next one. */
export function withoutFigures(phase: Phase): Phase {
  switch (phase.kind) {
    case 'loading':
      return {kind: 'loading', fraction: undefined};
    case 'reading':
      return {kind: 'reading', done: 0, total: 0};
    case 'thinking':
    case 'generating':
      return {kind: phase.kind, tokens: 0, tokensPerSecond: undefined};
    default:
      return phase;
  }
}

function fill({used, limit}: Status, theme: Theme): Part[] {
  if (limit === undefined) return [];
  const percent = Math.round((100 * used) / limit);
  if (percent < CONTEXT_SHOWN) return [];
  const style = percent >= CONTEXT_FULL ? theme.error : percent >= CONTEXT_WARNING ? theme.warning : theme.dim;
  return [{text: `context ${percent}% full`, style}];
}

/** `1,234` below ten thousand, `32.8k` above. */
export function count(tokens: number): string {
  if (tokens >= 10_000) return `${(tokens / 1000).toFixed(1)}k`;
  // Without toLocaleString, which was an eighth of the cost of a frame.
  const text = String(tokens);
  return tokens < 1000 ? text : `${text.slice(0, -3)},${text.slice(-3)}`;
}
