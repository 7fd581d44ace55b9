// Keeps the chat's session up to date: whole messages as they come, and an answer by the line while it is written.

import {reasonOf} from '../../base/files/file-error.ts';
import type {Message} from '../contract/requests.ts';
import type {Session} from './session.ts';

/** An unfinished line of an answer is kept too when it is older than this. Milliseconds. */
const PART_AGE = 1000;

/** Writes a chat to its session; a write that fails never ends the chat. */
export class SessionWriter {
  session: Session;
  readonly #now: () => number;
  #part = '';
  #since = 0;
  #reported = false;

  /** `now`: monotonic, in milliseconds. */
  constructor(session: Session, now: () => number) {
    this.session = session;
    this.#now = now;
  }

  /** Takes over the messages; what was kept of an unfinished answer is part of them now. */
  update(messages: readonly Message[]): void {
    this.#part = '';
    // An answer that is being continued is not a message of its own: what it becomes is.
    const last = messages.at(-1);
    const open = last?.role === 'assistant' && last.prefix === true;
    this.session.update(open ? messages.slice(0, -1) : messages);
  }

  /** A part of the answer that is being written. */
  append(text: string): void {
    if (this.#part === '') this.#since = this.#now();
    this.#part += text;
    if (!this.#part.includes('\n') && this.#now() - this.#since < PART_AGE) return;
    this.session.partial(this.#part);
    this.#part = '';
  }

  /** Why the session cannot be written: once, then undefined again. */
  takeProblem(): string | undefined {
    const {problem} = this.session;
    if (problem === undefined || this.#reported) return undefined;
    this.#reported = true;
    return `this chat is not kept: ${reasonOf(problem)}`;
  }
}
