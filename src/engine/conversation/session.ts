// A chat that keeps itself: its tree of messages as JSON lines, appended as it goes, so that a crash loses next to nothing.
import {randomBytes} from 'node:crypto';
import {closeSync, constants, openSync, writeFileSync} from 'node:fs';
import {basename, dirname} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {isMissing, reasonOf} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {readRegular} from '../../base/files/regular-file.ts';
import type {Message} from '../contract/requests.ts';
import {sameWindow, type Window, windowStart} from './context/window.ts';
import {FORMAT, readLines, type SessionLine, type SessionLines, writeLine} from './session-lines.ts';
import {KeptWindows, lineOf, type Node, path, same} from './session-nodes.ts';

export interface Branch {
  readonly current: boolean;
  readonly messages: readonly Message[];
  /** The part of them that the model is told; undefined: all. */
  readonly window: Window | undefined;
}

export interface SessionInfo {
  readonly id: string;
  /** ISO 8601. */
  readonly created: string;
  /** The model's name when the session began. */
  readonly model: string;
}

/** A new session's identity; ids sort by time. */
export function newSessionInfo(model: string, now = new Date()): SessionInfo {
  const created = now.toISOString();
  const stamp = created.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return {id: `${stamp}-${randomBytes(2).toString('hex')}`, created, model};
}

const HINT = '`mistral sessions list` shows the available sessions';

export class Session {
  readonly info: SessionInfo;
  /** True when a later version of this program wrote the file: it is never written to. */
  readonly isForeign: boolean;
  readonly #file: string | undefined;
  readonly #nodes: Node[] = [];
  readonly #children = new Map<Node | undefined, Node[]>();
  #head: Node | undefined;
  readonly #windows = new KeptWindows();
  #lastId = 0;
  /** Messages that were sent and not read by the model yet, by their numbers. */
  readonly #waiting = new Map<number, string>();
  #lastQueued = 0;
  /** Those of them that the person has again, to change or to give up. */
  readonly #givenBack = new Set<number>();
  #sending: number | undefined;
  #written = false;
  /** What is to be written in front of the next line: an end for one that was cut off, and what was recovered. */
  #due = '';
  #damage: string | undefined;
  #problem: unknown;

  /** `file` undefined: the session lives in memory only. Nothing is written before the first message. */
  constructor(info: SessionInfo, file: string | undefined, isForeign = false) {
    this.info = info;
    this.#file = file;
    this.isForeign = isForeign;
  }

  /**
   * Reads a session and writes nothing: another chat may have it. A damaged line (a crash cuts the last one) is left out;
   * what followed a lost message follows the one before it, and what an unfinished answer had said is kept. Its id is the
   * name of the file.
   * @throws EngineError `io` when the file cannot be read or is no session.
   */
  static read(file: string): Session {
    let bytes: Buffer;
    try {
      bytes = readRegular(file);
    } catch (cause) {
      throw new EngineError('io', `the session ${file} cannot be read: ${reasonOf(cause)}`, {cause, hint: HINT});
    }
    const found = readLines(bytes);
    if (found.lines.length === 0) throw new EngineError('io', `${file} is no session`, {hint: HINT});
    const head = found.lines.find((line) => line.type === 'session');
    const {created = '', model = '', format = FORMAT} = head ?? {};
    const session = new Session({id: basename(file, '.jsonl'), created, model}, file, format !== FORMAT);
    session.#written = true;
    session.#due = found.isCut ? '\n' : '';
    session.#replay(found, head === undefined);
    return session;
  }

  /** The messages of the branch in use. */
  get messages(): readonly Message[] {
    return path(this.#head).map((node) => node.message);
  }

  /** What could not be read, as a sentence without its end; undefined when all could. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /** Why the file could not be written, if it could not; the chat goes on without. */
  get problem(): unknown {
    return this.#problem;
  }

  /** The last messages of all branches with the messages that lead to them, the newest first. */
  get branches(): readonly Branch[] {
    const nodes = this.#nodes.filter((node) => !node.isAside);
    const isLeaf = (node: Node) => !this.#children.get(node)?.some((child) => !child.isAside);
    const leaves = nodes.filter((node) => node === this.#head || isLeaf(node));
    return leaves.reverse().map((leaf) => {
      const nodes = path(leaf);
      return {
        current: leaf === this.#head,
        messages: nodes.map((node) => node.message),
        window: this.#windows.of(nodes),
      };
    });
  }

  /** The part of the messages of the branch in use that the model is told; undefined: all. */
  get window(): Window | undefined {
    return this.#windows.of(path(this.#head));
  }

  /** What the person sent and the model has not read, the oldest first. */
  get waiting(): readonly string[] {
    return [...this.#waiting.values()];
  }

  /** Those of them that the person has again, the oldest first. */
  get givenBack(): readonly string[] {
    return [...this.#waiting].filter(([id]) => this.#givenBack.has(id)).map(([, text]) => text);
  }

  /** Keeps a message at the moment it is sent, in place of those that were given back. Returns its number. */
  queue(text: string): number {
    const instead = [...this.#givenBack];
    for (const id of instead) this.#waiting.delete(id);
    this.#givenBack.clear();
    this.#lastQueued += 1;
    const id = this.#lastQueued;
    this.#waiting.set(id, text);
    this.#append({type: 'queued', id, text, ...(instead.length > 0 && {instead})});
    return id;
  }

  /** The person has these messages again: they are kept until the next one is sent. */
  giveBack(ids: readonly number[]): void {
    for (const id of ids) if (this.#waiting.has(id)) this.#givenBack.add(id);
    if (ids.includes(this.#sending ?? 0)) this.#sending = undefined;
  }

  /** These messages are said in another chat. */
  drop(ids: readonly number[]): void {
    for (const id of ids) this.#waiting.delete(id);
    if (ids.length > 0) this.#append({type: 'dropped', ids});
  }

  /** The next message of the user is this one, that waited. */
  sending(id: number): void {
    this.#sending = id;
  }

  /**
   * Takes over what the conversation's messages are now, and the part of them that the model is told: new ones are appended, a step
   * back or aside moves the head.
   */
  update(messages: readonly Message[], window?: Window): void {
    const before = this.#head;
    let head: Node | undefined;
    let known = true;
    // Of two that say the same, the one the chat is in.
    const current = path(before);
    for (const [at, message] of messages.entries()) {
      const here = current[at];
      const stays = here !== undefined && here.parent === head && same(here.message, message);
      const next: Node | undefined = !known ? undefined : stays ? here : this.#child(head, message);
      known = next !== undefined;
      head = next ?? this.#add(head, message);
    }
    this.#head = head;
    if (known && head !== before) this.#append({type: 'head', node: head?.id ?? 0});
    this.#tell(messages, window);
  }

  /** Writes what reading it has recovered; whoever does holds the session's lock. */
  mend(): void {
    if (this.#due !== '') this.#write('');
  }

  /** Writes nothing from now on, for a reason that `problem` then tells. */
  stopSaving(reason: unknown): void {
    this.#problem ??= reason;
  }

  /** Keeps what an answer has said so far, in case it never ends. */
  partial(text: string): void {
    this.#append({type: 'partial', text});
  }

  #child(parent: Node | undefined, message: Message): Node | undefined {
    return this.#children.get(parent)?.findLast((node) => !node.isAside && same(node.message, message));
  }

  /** Notes where what the model is told begins, if that has changed. */
  #tell(messages: readonly Message[], window: Window | undefined): void {
    const nodes = path(this.#head);
    const from = nodes[windowStart(messages, window)];
    if (from === undefined || sameWindow(this.#windows.of(nodes), window)) return;
    const [request, answer] = window?.summary ?? [];
    const lines: SessionLine[] = [];
    let summary = this.#windows.summaryOf(request, answer);
    if (summary === undefined && request !== undefined && answer !== undefined) {
      summary = this.#hangAside(this.#hangAside(this.#head, request), answer);
      lines.push(...path(summary).slice(-2).map(lineOf), {type: 'head', node: this.#head?.id ?? 0});
    }
    // In one piece: what is beside the chat never stands at its end.
    this.#write([...lines, this.#windows.add(from, summary)].map(writeLine).join(''));
  }

  #hangAside(parent: Node | undefined, message: Message): Node {
    const node = this.#hang(this.#lastId + 1, parent, message);
    node.isAside = true;
    return node;
  }

  #add(parent: Node | undefined, message: Message): Node {
    const node = this.#hang(this.#lastId + 1, parent, message);
    const queued = message.role === 'user' ? this.#sending : undefined;
    if (queued !== undefined) {
      this.#sending = undefined;
      this.#waiting.delete(queued);
    }
    this.#append({...lineOf(node), ...(queued !== undefined && {queued})});
    return node;
  }

  #hang(id: number, parent: Node | undefined, message: Message): Node {
    const node = {id, parent, message};
    this.#nodes.push(node);
    const children = this.#children.get(parent);
    if (children === undefined) this.#children.set(parent, [node]);
    else children.push(node);
    this.#lastId = Math.max(this.#lastId, id);
    return node;
  }

  #append(line: SessionLine): void {
    this.#write(writeLine(line));
  }

  /** Appends lines; a write that fails is remembered and the chat goes on. */
  #write(lines: string): void {
    if (this.#file === undefined || this.isForeign || this.#problem !== undefined) return;
    try {
      if (this.#written) this.#writeBehind(this.#file, this.#due + lines);
      else {
        makeFolder(dirname(this.#file), 0o700);
        this.#begin(this.#file, lines);
      }
      this.#written = true;
      this.#due = '';
    } catch (error) {
      this.#problem = error;
    }
  }

  #begin(file: string, lines: string): void {
    const head = writeLine({type: 'session', format: FORMAT, ...this.info});
    // In one piece, and only where there is nothing yet: neither a file nor a link.
    writeFileSync(file, head + lines, {flag: 'ax', mode: 0o600});
  }

  #writeBehind(file: string, lines: string): void {
    let fd: number;
    try {
      fd = openSync(file, constants.O_WRONLY | constants.O_APPEND);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Somebody removed the file under the chat: a line alone would be no session.
      this.#begin(file, this.#all() + lines);
      return;
    }
    try {
      writeFileSync(fd, lines);
    } finally {
      closeSync(fd);
    }
  }

  /** All that is known, as lines. */
  #all(): string {
    const waiting = [...this.#waiting].map(([id, text]) => writeLine({type: 'queued', id, text}));
    const nodes = this.#nodes.map((node) => writeLine(lineOf(node)));
    return [
      ...nodes,
      writeLine({type: 'head', node: this.#head?.id ?? 0}),
      ...this.#windows.lines.map(writeLine),
      ...waiting,
    ].join('');
  }

  #replay({lines, damaged, garbled}: SessionLines, isHeadless: boolean): void {
    /** Also under the number of a lost message: what it followed, as far as one knows. */
    const byId = new Map<number, Node | undefined>([[0, undefined]]);
    let partial = '';
    let lost = isHeadless ? 1 : 0;
    /** What an answer had said whose end is not there stands for it. */
    const recover = (id: number): Node | undefined => {
      const role = this.#head?.message.role;
      if (partial === '' || (role !== 'user' && role !== 'tool')) return undefined;
      this.#head = this.#hang(id, this.#head, {role: 'assistant', content: partial});
      return this.#head;
    };
    for (const line of lines) {
      if (line.type === 'partial') partial += line.text;
      else if (line.type === 'queued') this.#takeQueued(line);
      else if (line.type === 'dropped') for (const id of line.ids) this.#waiting.delete(id);
      else if (line.type === 'window') this.#windows.take(byId.get(line.from), byId.get(line.summary ?? 0));
      else if (line.type === 'head' && byId.has(line.node)) {
        this.#head = byId.get(line.node);
        partial = '';
      } else if (line.type === 'message') {
        if (!byId.has(line.parent)) {
          // Of a lost answer there may be the pieces.
          recover(line.parent);
          lost += 1;
          byId.set(line.parent, this.#head);
        }
        partial = '';
        this.#head = this.#again(line, byId) ?? this.#hang(line.node, byId.get(line.parent), line.message);
        byId.set(line.node, this.#head);
        this.#waiting.delete(line.queued ?? 0);
      }
    }
    const answer = recover(this.#lastId + 1);
    if (answer !== undefined) this.#due += writeLine(lineOf(answer));
    this.giveBack([...this.#waiting.keys()]);
    this.#damage = damageText(Math.max(damaged, lost), garbled);
  }

  /** The message that stands in the file twice. */
  #again(line: Extract<SessionLine, {type: 'message'}>, byId: ReadonlyMap<number, Node | undefined>): Node | undefined {
    const before = byId.get(line.node);
    return before?.parent === byId.get(line.parent) && before && same(before.message, line.message)
      ? before
      : undefined;
  }

  #takeQueued({id, text, instead = []}: Extract<SessionLine, {type: 'queued'}>): void {
    for (const other of instead) this.#waiting.delete(other);
    this.#waiting.set(id, text);
    this.#lastQueued = Math.max(this.#lastQueued, id);
  }
}

function damageText(damaged: number, garbled: number): string | undefined {
  const parts = [
    damaged === 0 ? [] : damaged === 1 ? '1 damaged line was left out' : `${damaged} damaged lines were left out`,
    garbled === 0 ? [] : garbled === 1 ? '1 line is not all text' : `${garbled} lines are not all text`,
  ].flat();
  return parts.length === 0 ? undefined : parts.join(', ');
}
