// A terminal as lines in and lines out, for a chat without a screen: nothing that was written is ever changed.

import type {Picker} from '../chat/picker.ts';
import {Sentences} from '../sentences.ts';

export interface TerminalLines {
  /** What the person types; its end is the end of the input. */
  readonly lines: AsyncIterator<string, unknown, undefined>;
  readonly columns: () => number | undefined;
  /** Writes on the terminal, where nothing in the text can drive it. */
  print(text: string): void;
  /** A message about what went wrong, with a line end. */
  say(text: string): void;
}

export class PlainTerminal {
  readonly #terminal: TerminalLines;
  readonly #sentences: Sentences | undefined;
  #next: Promise<IteratorResult<string, unknown>> | undefined;
  #readers = 0;
  #midLine = false;

  /** `screenReader`: an answer is written by whole sentences. */
  constructor(terminal: TerminalLines, screenReader: boolean) {
    this.#terminal = terminal;
    this.#sentences = screenReader ? new Sentences() : undefined;
  }

  get columns(): number {
    return Math.max(20, (this.#terminal.columns() ?? 80) - 1);
  }

  write(text: string): void {
    if (text === '') return;
    this.#terminal.print(text);
    this.#midLine = !text.endsWith('\n');
  }

  /** Writes whole rows; blank ones at the end are left out of what has others. */
  print(rows: readonly string[]): void {
    if (rows.length === 0) return;
    this.endLine();
    const text = rows.join('\n');
    this.write(`${text.trim() === '' ? '' : text.replace(/\n+$/, '')}\n`);
  }

  /** Says what went wrong. */
  complain(text: string): void {
    this.endLine();
    this.#terminal.say(text.trimEnd());
  }

  /** A part of an answer. */
  say(text: string): void {
    this.write(this.#sentences?.push(text) ?? text);
  }

  /** The end of an answer: as in pipes it ends with a line end of its own. */
  endAnswer(): void {
    this.write(`${this.#sentences?.end() ?? ''}\n`);
  }

  /** Goes to the start of a line. */
  endLine(): void {
    const held = this.#sentences?.end() ?? '';
    this.write(held);
    if (this.#midLine) this.write('\n');
  }

  /** Asks for a line; undefined at the end of the input, and when the question was given up. */
  async ask(question: string): Promise<string | undefined> {
    this.endLine();
    this.write(question);
    this.#readers += 1;
    const reader = this.#readers;
    this.#next ??= this.#terminal.lines.next();
    const {value, done} = await this.#next;
    if (reader !== this.#readers) return undefined;
    this.#next = undefined;
    // The person's Enter has ended the line.
    this.#midLine = false;
    return done === true ? undefined : value;
  }

  /** Gives up the question that waits: what is typed from now on answers the next one. */
  drop(): void {
    this.#readers += 1;
  }

  /** Has the person choose by number; an empty line takes what is selected, or nothing where that is no question. */
  async pick({title, items, question = false, selected = 0}: Picker): Promise<number | undefined> {
    const rows = items.map(({label, detail}, index) => {
      const isNumbered = label.split(' ')[0] === String(index + 1);
      return `${isNumbered ? '' : `${index + 1}. `}${label}  ${detail}`.trimEnd();
    });
    this.print([title, ...rows]);
    const prompt = question ? `1 to ${items.length} (${selected + 1}): ` : `1 to ${items.length}, or Enter to cancel: `;
    for (;;) {
      const answer = (await this.ask(prompt))?.trim();
      if (answer === undefined) return undefined;
      if (answer === '') return question ? selected : undefined;
      const index = Number(answer) - 1;
      if (items[index] !== undefined) return index;
    }
  }
}
