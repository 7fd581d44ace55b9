// The status line: what happens now, how fast, how full the context is; cut from the right, never wrapped.

import {shorten, width} from '../../base/cells/graphemes.ts';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import {joinRows, paint, type Row, rowText, type Theme} from '../markdown/style.ts';

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
  readonly temperature: number;
  readonly seed: number | undefined;
  readonly queued: number;
  /** Takes the place of everything else, such as `press Ctrl+C again to leave`. */
  readonly notice: string | undefined;
}

/** The status line for a terminal of `columns` cells. */
export function statusRow(status: Status, columns: number, theme: Theme): Row {
  const room = columns - 2;
  if (status.notice !== undefined) return paint(shorten(rowText(status.notice), room, theme.ellipsis), theme.warning);
  const parts: {text: string; style: string}[] = [];
  const separator = ` ${theme.dot} `;
  let used = 0;
  for (const part of segments(status, theme)) {
    const cells = width(part.text) + (parts.length > 0 ? 3 : 0);
    if (used + cells > room) {
      if (parts.length === 0) parts.push({...part, text: shorten(part.text, room, theme.ellipsis)});
      break;
    }
    parts.push(part);
    used += cells;
  }
  return joinRows(
    parts.map((part) => paint(part.text, part.style)),
    paint(separator, theme.dim),
  );
}

function segments(status: Status, theme: Theme): {text: string; style: string}[] {
  const dim = theme.dim;
  const working = status.phase.kind === 'loading' || status.phase.kind === 'idle' ? dim : theme.accent;
  return [
    ...phaseTexts(status.phase).map((text, index) => ({text, style: index === 0 ? working : dim})),
    ...(status.queued > 0 ? [{text: `queued ${status.queued}`, style: theme.accent}] : []),
    ...fill(status, theme),
    ...(status.phase.kind === 'idle' ? [{text: `temp ${status.temperature}`, style: dim}] : []),
    {text: status.model, style: dim},
    ...(status.seed === undefined ? [] : [{text: `seed ${status.seed}`, style: dim}]),
  ]
    .map(({text, style}) => ({text: rowText(text), style}))
    .filter((part) => part.text !== '');
}

function phaseTexts(phase: Phase): string[] {
  switch (phase.kind) {
    case 'loading': {
      const percent = phase.fraction === undefined ? '' : ` ${Math.floor(phase.fraction * 100)} %`;
      return [`loading${percent}`, 'Enter queues'];
    }
    case 'idle':
      return ['ready'];
    case 'reading':
      return phase.total === 0
        ? ['reading prompt', 'Esc stop']
        : [`reading prompt ${count(phase.done)}/${count(phase.total)} tok`, 'Esc stop'];
    case 'thinking':
    case 'generating': {
      const rate = phase.tokensPerSecond === undefined ? '' : `${phase.tokensPerSecond.toFixed(1)} tok/s`;
      return [phase.kind, rate, phase.tokens === 0 ? '' : `${phase.tokens} tok`, 'Esc stop'];
    }
    case 'working':
      return [phase.what];
  }
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

function fill({used, limit}: Status, theme: Theme): {text: string; style: string}[] {
  if (limit === undefined || used === 0) return [];
  const percent = Math.round((100 * used) / limit);
  const style = percent >= 95 ? theme.error : percent >= 80 ? theme.warning : theme.dim;
  return [{text: `ctx ${count(used)}/${count(limit)} ${percent}%`, style}];
}

/** What is said once when the context is nearly full; undefined while there is room. */
export function fullNotice(used: number, limit: number | undefined): string | undefined {
  const percent = Math.round((100 * used) / (limit ?? Number.POSITIVE_INFINITY));
  return percent >= 80 ? `context ${percent}% full` : undefined;
}

/** `1,234` below ten thousand, `32.8k` above. */
export function count(tokens: number): string {
  if (tokens >= 10_000) return `${(tokens / 1000).toFixed(1)}k`;
  // Without toLocaleString, which was an eighth of the cost of a frame.
  const text = String(tokens);
  return tokens < 1000 ? text : `${text.slice(0, -3)},${text.slice(-3)}`;
}

/** What answers, on one line: name, template, context, where it runs. */
export function modelLine({id, template, contextSize, device}: ModelInfo, theme: Theme): string {
  const facts = [id, template, contextSize === undefined ? undefined : `ctx ${contextSize}`, device];
  return facts.filter((fact) => fact !== undefined).join(` ${theme.dot} `);
}
