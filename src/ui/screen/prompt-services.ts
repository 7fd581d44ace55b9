// What keys start besides typing: history search, the editor program, file completion, short notices.

import type {ChatPrompt} from '../chat/chat-face.ts';
import type {Item} from '../chat/picker.ts';
import {clipboardSequence} from '../clipboard.ts';
import type {Row, Theme} from '../markdown/style.ts';
import {listFiles} from '../prompt/file-names.ts';
import {refreshCompletion, withText} from '../prompt/input.ts';
import type {History} from '../prompt/input-history.ts';
import {unfold} from '../prompt/pastes.ts';
import {foldedRows} from '../rows/tool-rows.ts';
import type {Host} from './draw/terminal.ts';
import {composeInEditor} from './external-editor.ts';
import type {Screen} from './screen.ts';

/** How long a notice stays, and a first Ctrl-C or Esc counts as the first of two. Milliseconds. */
export const MOMENT = 1000;

export class PromptServices implements ChatPrompt {
  /** Names for completion; undefined until somebody asks. */
  files: readonly Item[] | undefined;
  /** Takes the place of the status line. */
  notice: string | undefined;
  readonly #screen: Screen;
  readonly #host: Host;
  readonly #history: History;
  /** The last Ctrl-C or Esc that could be the first of two: when, and how many keys there were by then. */
  #first: {readonly key: 'interrupt' | 'escape'; readonly at: number; readonly keys: number} | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, host: Host, history: History) {
    this.#screen = screen;
    this.#host = host;
    this.#history = history;
  }

  get isEmpty(): boolean {
    return this.#screen.input.editor.text === '';
  }

  write(text: string): void {
    this.#screen.input = withText(this.#screen.input, text);
    this.#screen.drawSoon(0);
  }

  /** Has the terminal copy a text; false when it is too long for that. */
  copy(text: string): boolean {
    const sequence = clipboardSequence(text, this.#host.env.TMUX !== undefined);
    if (sequence !== undefined) this.#host.stdout.write(sequence);
    return sequence !== undefined;
  }

  /** The rows of a collapsed text, or a notice that there is none. */
  expand(collapsed: string, theme: Theme): readonly Row[] {
    if (collapsed === '') {
      this.notify('there is nothing to expand');
      return [];
    }
    return foldedRows(collapsed, theme);
  }

  /** True when the key before this one was the same, a moment ago. */
  twice(key: 'interrupt' | 'escape'): boolean {
    const first = this.#first;
    const {keys} = this.#screen;
    const at = this.#host.now();
    this.#first = {key, at, keys};
    return first?.key === key && at - first.at < MOMENT && keys === first.keys + 1;
  }

  notify(text: string): void {
    clearTimeout(this.#timer);
    this.notice = text;
    this.#screen.drawSoon(0);
    this.#timer = setTimeout(() => {
      this.notice = undefined;
      this.#screen.drawSoon(0);
    }, MOMENT);
    this.#timer.unref();
  }

  async search(): Promise<void> {
    const entries = [...new Set([...this.#history.entries].reverse())];
    const items = entries.map((entry) => ({label: entry.replaceAll(/\s+/g, ' '), detail: ''}));
    const index = await this.#screen.pick({title: 'search your earlier messages', items});
    if (index !== undefined) this.write(entries[index] ?? '');
  }

  async edit(): Promise<void> {
    const {editor, pastes} = this.#screen.input;
    const text = await this.#screen.away(() => composeInEditor(unfold(editor.text, pastes), this.#host));
    if (text !== undefined) this.write(text);
  }

  async listFiles(): Promise<void> {
    this.files = [];
    this.files = (await listFiles(this.#host.cwd)).map((label) => ({label, detail: ''}));
    const context = {
      history: this.#history.entries,
      commands: [],
      files: this.files,
      columns: this.#screen.size.columns,
    };
    this.#screen.input = refreshCompletion(this.#screen.input, context);
    this.#screen.drawSoon(0);
  }
}
