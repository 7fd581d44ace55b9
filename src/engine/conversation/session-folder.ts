// The folder of all sessions: listing, finding, locking, and the KV states beside them.
import {existsSync, readdirSync, rmSync, type Stats, statSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import {type Lock, tryLock} from '../../base/files/lock.ts';
import {type LockOwner, thisProcess} from '../../base/files/lock-owner.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {keepPrivate} from '../../base/files/private-file.ts';
import {newSessionInfo, Session} from './session.ts';
import {byLastUse, noteUse, timeOf} from './used-order.ts';

/** KV states that are kept: they are large, and only recent sessions are resumed often. */
const STATES = 5;

export interface SessionEntry {
  readonly id: string;
  /** When it was last written, milliseconds since 1970. */
  readonly changed: number;
}

/** Endings of the files that tell what was said. */
const PRIVATE = /\.(?:jsonl|kv|kv\.json|lock)$|^last-used$/;

/** A chat to go on with. */
export interface Entered {
  readonly session: Session;
  readonly copied: boolean;
  /** What a person should know about it: that it is a copy, and why; what could not be read. */
  readonly notes: readonly string[];
}

/** Says that lines of a session could not be read. */
export function damageNote(id: string, damage: string): string {
  return `session ${id}: ${damage}`;
}

/** What holding a session takes: its lock, or nothing where none can be made. */
type Hold = Pick<Lock, 'release'> & {readonly lost?: AbortSignal};

export class SessionFolder {
  readonly #folder: string;
  readonly #owner: LockOwner;
  #held: Session | undefined;
  #hold: Hold | undefined;

  constructor(folder: string, owner: LockOwner = thisProcess) {
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

  /**
   * All sessions, the one used last first.
   * @throws EngineError `io` when the folder is there and cannot be read.
   */
  list(): SessionEntry[] {
    const now = Date.now();
    const entries = this.#files('.jsonl').flatMap((id) => {
      const stat = statOf(this.fileOf(id));
      // Nothing was said in an empty one, and what is no file may never end.
      return stat?.isFile() && stat.size > 0 ? [{id, changed: timeOf({id, changed: stat.mtimeMs}, now)}] : [];
    });
    return byLastUse(entries, this.#orderFile);
  }

  /** Makes the folder and what lies in it readable for its owner alone; what belongs to others stays as it is. */
  keepPrivate(): void {
    keepPrivate(this.#folder, 0o700);
    try {
      for (const name of this.#files('')) if (PRIVATE.test(name)) keepPrivate(join(this.#folder, name), 0o600);
    } catch {
      // What cannot be read cannot be written either, which the chat says at its first message.
    }
  }

  /** Notes that the session that is held is the one used last. */
  noteUse(): void {
    if (this.#held !== undefined) noteUse(this.#orderFile, this.#held.info.id);
  }

  /**
   * The id of the session that is meant: a whole id or its unambiguous beginning; undefined = the last one.
   * @throws EngineError `usage` when there is none or more than one.
   */
  find(given: string | undefined): string {
    const ids = this.list().map(({id}) => id);
    const hint = '`mistral sessions list` shows the available sessions';
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
    for (;;) {
      const info = newSessionInfo(model);
      const hold = existsSync(this.fileOf(info.id)) ? undefined : this.#lock(info.id);
      if (hold !== undefined) return this.#take(new Session(info, this.fileOf(info.id)), hold);
    }
  }

  /**
   * Goes on with a session; it is held. One that another living process holds, or that a later version of this program
   * wrote, is copied: both go on by themselves.
   * @throws EngineError `io` for a file that cannot be read or is no session.
   */
  enter(id: string): Entered {
    const hold = this.#held?.info.id === id ? this.#hold : this.#lock(id);
    try {
      // Not before it is locked: what another chat writes until then belongs to it.
      const session = this.read(id);
      const notes = session.damage === undefined ? [] : [damageNote(id, session.damage)];
      if (hold === undefined || session.isForeign) {
        const copy = this.#copy(session);
        hold?.release();
        const why = session.isForeign ? 'is of a later version of this program' : 'is open in another chat';
        return {
          session: copy,
          copied: true,
          notes: [...notes, `session ${id} ${why}; this one goes on as ${copy.info.id}`],
        };
      }
      session.mend();
      this.#take(session, hold);
      this.noteUse();
      return {session, copied: false, notes};
    } catch (error) {
      if (hold !== this.#hold) hold?.release();
      throw error;
    }
  }

  #copy(session: Session): Session {
    const copy = this.begin(session.info.model);
    copy.update(session.messages, session.window);
    // Of a chat that is open, what waits is still that one's.
    if (session.isForeign) copy.giveBack(session.waiting.map((text) => copy.queue(text)));
    this.noteUse();
    return copy;
  }

  /** Lets others have the session that is held. */
  release(): void {
    this.#hold?.release();
    this.#held = undefined;
    this.#hold = undefined;
  }

  /** @throws EngineError `io` for a file that cannot be read or is no session. */
  read(id: string): Session {
    return Session.read(this.fileOf(id));
  }

  /** @throws EngineError `usage` while another process holds it: what that one appends would make half a file. */
  remove(id: string): void {
    const hold = this.#lock(id);
    if (hold === undefined) {
      throw new EngineError('usage', `session ${id} is open in a chat`, {hint: 'Close that chat first.'});
    }
    try {
      rmSync(this.fileOf(id), {force: true});
      this.removeState(id);
    } catch (error) {
      throw fileError(error, this.fileOf(id), 'write');
    } finally {
      hold.release();
    }
  }

  removeState(id: string): void {
    for (const file of [this.stateOf(id), `${this.stateOf(id)}.json`]) rmSync(file, {force: true});
  }

  /** Removes the KV states of all but the last used sessions. */
  prune(): void {
    for (const {id} of this.list().slice(STATES)) this.removeState(id);
  }

  #take(session: Session, hold: Hold): Session {
    if (this.#hold !== hold) this.#hold?.release();
    this.#hold = hold;
    this.#held = session;
    hold.lost?.addEventListener('abort', () => session.stopSaving(new Error('it was continued on another machine')));
    return session;
  }

  /**
   * Marks a session as in use by this process; undefined when another living process has it. Where no mark can be made
   * (a read-only folder) nothing can be written either, so two chats do no harm.
   */
  #lock(id: string): Hold | undefined {
    try {
      makeFolder(this.#folder, 0o700);
      return tryLock(join(this.#folder, `${id}.lock`), this.#owner);
    } catch {
      return {release() {}};
    }
  }

  get #orderFile(): string {
    return join(this.#folder, 'last-used');
  }

  #files(ending: string): string[] {
    try {
      return readdirSync(this.#folder).flatMap((name) =>
        name.endsWith(ending) ? [name.slice(0, name.length - ending.length)] : [],
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw fileError(error, this.#folder, 'read', {
        closed: '$MISTRAL_STATE_DIR names another place; --no-save keeps nothing.',
      });
    }
  }
}

/** Undefined where nothing can be found out about it: a link that leads nowhere, a file that was removed just now. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, {throwIfNoEntry: false});
  } catch {
    return undefined;
  }
}
