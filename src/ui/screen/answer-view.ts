// One answer on its way to the screen: generation events in, finished rows out, with the part that may still change.

import {withoutStyles} from '../../base/cells/graphemes.ts';
import type {ConversationEvent} from '../../engine/conversation/conversation.ts';
import type {Highlight} from '../markdown/code-block.ts';
import {MarkdownStream} from '../markdown/stream.ts';
import {paint, ROW_MARGIN, type Row, rowTexts, type Theme} from '../markdown/style.ts';
import {contextSentences} from '../rows/context-note.ts';
import type {Phase} from '../rows/status-line.ts';
import {toolCallRow, toolResultRow} from '../rows/tool-rows.ts';

/** Rows of a thought that are visible while it goes on. */
const THOUGHT_TAIL = 3;

/** Renders the events of one turn. Thoughts are folded into one line when they end, unless `showThoughts`. */
export class AnswerView {
  #columns: number;
  readonly #theme: Theme;
  readonly #highlight: Highlight;
  readonly #showThoughts: boolean;
  readonly #now: () => number;
  #part: {kind: 'text' | 'reasoning'; stream: MarkdownStream} | undefined;
  #pending = '';
  #rows: Row[] = [];
  #phase: Phase = {kind: 'reading', done: 0, total: 0};
  #tokens = 0;
  #firstAt: number | undefined;
  #thought = '';
  #thoughtAt = 0;
  #blank = true;

  constructor(
    columns: number,
    theme: Theme,
    options: {highlight: Highlight; showThoughts: boolean; now: () => number},
  ) {
    this.#columns = columns;
    this.#theme = theme;
    this.#highlight = options.highlight;
    this.#showThoughts = options.showThoughts;
    this.#now = options.now;
  }

  get phase(): Phase {
    return this.#phase;
  }

  take(event: ConversationEvent): void {
    switch (event.type) {
      case 'prompt':
        break;
      case 'context':
        this.#close();
        this.#rows.push(
          ...contextSentences(event)
            .flatMap(rowTexts)
            .map((text) => paint(text, this.#theme.dim)),
        );
        break;
      case 'prefill':
        this.#phase = {kind: 'reading', done: event.done, total: event.total};
        break;
      case 'text':
      case 'reasoning':
        this.#open(event.type);
        this.#pending += event.text;
        this.#count(event.type === 'text' ? 'generating' : 'thinking');
        break;
      case 'tool_call':
        this.#close();
        this.#rows.push(toolCallRow(event.call, this.#columns, this.#theme));
        this.#phase = {kind: 'working', what: `calling ${event.call.name}`};
        break;
      case 'tool_result':
        this.#close();
        this.#rows.push(toolResultRow(event.content, this.#columns, this.#theme));
        this.#tokens = 0;
        this.#firstAt = undefined;
        this.#phase = {kind: 'reading', done: 0, total: 0};
        break;
      case 'finish':
        this.#close();
        this.#phase = {kind: 'idle'};
        break;
    }
  }

  /** Rows that became final since the last call. */
  flush(): Row[] {
    this.#drain();
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** The last rows of what is not final; call `flush` first. */
  tail(limit: number): Row[] {
    if (this.#part === undefined) return [];
    if (this.#part.kind === 'text') return this.#part.stream.tail(limit);
    const rows = this.#part.stream.tail(Math.min(limit, THOUGHT_TAIL));
    return rows.map((row) => paint(withoutStyles(row), this.#theme.dim));
  }

  /** Goes on for a terminal of another width. */
  resize(columns: number): void {
    this.#columns = columns;
    this.#drain();
    if (this.#part !== undefined) this.#keep(this.#part.stream.resize(columns), this.#part.kind);
  }

  /** Ends a part that no event ended: the stream broke off with an error. */
  breakOff(): Row[] {
    this.#close();
    return this.flush();
  }

  #count(kind: 'generating' | 'thinking'): void {
    const now = this.#now();
    this.#firstAt ??= now;
    this.#tokens += 1;
    const seconds = (now - this.#firstAt) / 1000;
    const tokensPerSecond = this.#tokens > 4 && seconds > 0.2 ? (this.#tokens - 1) / seconds : undefined;
    this.#phase = {kind, tokens: this.#tokens, tokensPerSecond};
  }

  #open(kind: 'text' | 'reasoning'): void {
    if (this.#part?.kind === kind) return;
    this.#close();
    if (kind === 'reasoning') {
      this.#thought = '';
      this.#thoughtAt = this.#now();
    }
    const highlight = kind === 'text' ? this.#highlight : () => undefined;
    this.#part = {kind, stream: new MarkdownStream(this.#columns, this.#theme, highlight, ROW_MARGIN)};
    this.#blank = true;
  }

  #drain(): void {
    if (this.#part === undefined || this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    this.#keep(this.#part.stream.write(text), this.#part.kind);
    if (this.#part.kind === 'reasoning') this.#thought += text;
  }

  /** Adds finished rows, without the blank ones an answer begins with. */
  #keep(rows: readonly Row[], kind: 'text' | 'reasoning'): void {
    if (kind === 'reasoning') {
      if (this.#showThoughts) this.#rows.push(...rows.map((row) => paint(withoutStyles(row), this.#theme.dim)));
      return;
    }
    for (const row of rows) {
      if (this.#blank && row === '') continue;
      this.#blank = false;
      this.#rows.push(row);
    }
  }

  #close(): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#drain();
    this.#keep(part.stream.end(), part.kind);
    this.#part = undefined;
    if (part.kind !== 'reasoning') return;
    if (this.#showThoughts) return;
    const seconds = ((this.#now() - this.#thoughtAt) / 1000).toFixed(1);
    const words = this.#thought.split(/\s+/).filter(Boolean).length;
    this.#rows.push(
      paint(
        `thought for ${seconds} s ${this.#theme.dot} ${words} words ${this.#theme.dot} Ctrl+O shows it`,
        this.#theme.dim,
      ),
    );
  }
}
