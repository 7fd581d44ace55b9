// Keeps the chat's session up to date: whole messages as they come, and an answer by the line while it is written.

import {reasonOf} from '../../base/files/file-error.ts';
import type {Message} from '../contract/requests.ts';
import type {Window} from './context/window.ts';
import type {Session} from './session.ts';

/** An unfinished line of an answer is kept when it is this old, whether more comes or not. Milliseconds. */
const PART_AGE = 1000;

/** Writes a chat to its session; a write that fails never ends the chat. */
export class SessionWriter {
  #session: Session;
  #part = '';
  #timer: NodeJS.Timeout | undefined;
  #reported = false;

  constructor(session: Session) {
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  /** Goes on with another session; what was not kept of an answer belongs to the one before. */
  set session(session: Session) {
    this.#flush();
    this.#session = session;
    this.#reported = false;
  }

  /** Takes over the messages; what was kept of an unfinished answer is part of them now. */
  update(messages: readonly Message[], window?: Window): void {
    this.#forget();
    // An answer that is being continued is not a message of its own: what it becomes is.
    const last = messages.at(-1);
    const open = last?.role === 'assistant' && last.prefix === true;
    this.session.update(open ? messages.slice(0, -1) : messages, window);
  }

  /** A part of the answer that is being written. */
  append(text: string): void {
    this.#part += text;
    if (text.includes('\n')) this.#flush();
    // A line that stalls is kept too.
    else this.#timer ??= setTimeout(() => this.#flush(), PART_AGE).unref();
  }

  /** Why the session cannot be written: once, then undefined again. */
  takeProblem(): string | undefined {
    const {problem} = this.session;
    if (problem === undefined || this.#reported) return undefined;
    this.#reported = true;
    return `this chat is not kept: ${reasonOf(problem)}`;
  }

  #flush(): void {
    if (this.#part !== '') this.session.partial(this.#part);
    this.#forget();
  }

  #forget(): void {
    this.#part = '';
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
