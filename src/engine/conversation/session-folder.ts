// The folder of all sessions: listing, finding, locking, and the KV states beside them.
import {readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {newSessionInfo, Session} from './session.ts';

/** KV states that are kept: they are large, and only recent sessions are resumed often. */
const STATES = 5;

export interface SessionEntry {
  readonly id: string;
  /** When it was last written, milliseconds since 1970. */
  readonly changed: number;
}

/** The process that writes sessions. */
export interface SessionOwner {
  readonly pid: number;
  isAlive(pid: number): boolean;
}

export class SessionFolder {
  readonly #folder: string;
  readonly #owner: SessionOwner;
  #held: Session | undefined;

  constructor(folder: string, owner: SessionOwner) {
    this.#folder = folder;
    this.#owner = owner;
  }

  /** The session this process writes to. */
  get held(): Session | undefined {
    return this.#held;
  }

  fileOf(id: string): string {
    return join(this.#folder, `${id}.jsonl`);
  }

  /** Where the session's KV state is kept. */
  stateOf(id: string): string {
    return join(this.#folder, `${id}.kv`);
  }

  /** All sessions, the one used last first. */
  list(): SessionEntry[] {
    return this.#files('.jsonl')
      .map((id) => ({id, changed: statSync(this.fileOf(id)).mtimeMs}))
      .sort((a, b) => b.changed - a.changed);
  }

  /**
   * The id of the session that is meant: a whole id or its unambiguous beginning; undefined = the last one.
   * @throws EngineError `usage` when there is none or more than one.
   */
  find(given: string | undefined): string {
    const ids = this.list().map(({id}) => id);
    const hint = '`mistral sessions list` shows those there are';
    const found = given === undefined ? ids.slice(0, 1) : ids.filter((id) => id === given || id.startsWith(given));
    const exact = found.find((id) => id === given) ?? found[0];
    if (exact === undefined) {
      throw new EngineError('usage', given === undefined ? 'there is no session yet' : `there is no session ${given}`, {
        hint,
      });
    }
    if (found.length > 1 && exact !== given)
      throw new EngineError('usage', `several sessions begin with ${given}`, {hint});
    return exact;
  }

  /** Begins a session; it is held. */
  begin(model: string): Session {
    const info = newSessionInfo(model);
    this.#lock(info.id);
    return this.#hold(new Session(info, this.fileOf(info.id)));
  }

  /**
   * Goes on with a session; it is held. One that another living process holds is copied: both go on by themselves.
   * @throws EngineError `io` for a file that cannot be read or is no session.
   */
  enter(id: string): {readonly session: Session; readonly copied: boolean} {
    const session = this.read(id);
    if (this.#lock(id)) return {session: this.#hold(session), copied: false};
    const copy = this.begin(session.info.model);
    copy.update(session.messages);
    return {session: copy, copied: true};
  }

  /** Lets others have the session that is held. */
  release(): void {
    if (this.#held !== undefined) this.#unlock(this.#held.info.id);
    this.#held = undefined;
  }

  /** @throws EngineError `io` for a file that cannot be read or is no session. */
  read(id: string): Session {
    return Session.read(this.fileOf(id));
  }

  /** @throws EngineError `usage` while another process holds it: what that one appends would make half a file. */
  remove(id: string): void {
    if (this.#isTaken(id)) {
      throw new EngineError('usage', `session ${id} is open in a chat`, {hint: 'Leave that chat first.'});
    }
    rmSync(this.fileOf(id), {force: true});
    rmSync(this.#lockOf(id), {force: true});
    this.removeState(id);
  }

  removeState(id: string): void {
    for (const file of [this.stateOf(id), `${this.stateOf(id)}.json`]) rmSync(file, {force: true});
  }

  /** Removes the KV states of all but the last used sessions. */
  prune(): void {
    for (const {id} of this.list().slice(STATES)) this.removeState(id);
  }

  #hold(session: Session): Session {
    if (this.#held !== undefined && this.#held.info.id !== session.info.id) this.release();
    this.#held = session;
    return session;
  }

  /**
   * Marks a session as in use by this process; false when another living process has it. Where no mark can be made (a
   * read-only folder) nothing can be written either, so two chats do no harm.
   */
  #lock(id: string): boolean {
    try {
      makeFolder(this.#folder, 0o700);
      if (this.#isTaken(id)) return false;
      writeFileSync(this.#lockOf(id), String(this.#owner.pid), {mode: 0o600});
    } catch {
      return true;
    }
    return true;
  }

  #unlock(id: string): void {
    try {
      rmSync(this.#lockOf(id), {force: true});
    } catch {
      // The mark of a dead process is ignored by the next one.
    }
  }

  #lockOf(id: string): string {
    return join(this.#folder, `${id}.lock`);
  }

  #isTaken(id: string): boolean {
    const holder = readHolder(this.#lockOf(id));
    return holder !== undefined && holder !== this.#owner.pid && this.#owner.isAlive(holder);
  }

  #files(ending: string): string[] {
    try {
      return readdirSync(this.#folder).flatMap((name) =>
        name.endsWith(ending) ? [name.slice(0, -ending.length)] : [],
      );
    } catch {
      return [];
    }
  }
}

function readHolder(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}
