// A chat that keeps itself: its tree of messages as JSON lines, appended as it goes, so that a crash loses next to nothing.
import {randomBytes} from 'node:crypto';
import {appendFileSync, readFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {isJsonNumber, isJsonObject, type Json, type JsonObject, parseJson} from '../../base/json.ts';
import type {AssistantMessage, Message} from '../contract/requests.ts';
import {readMessage} from '../wire/read-messages.ts';
import {messageToWire} from '../wire/write-messages.ts';

/** A message and the one it follows. Undoing, editing and answering again start a branch: nothing is ever removed. */
interface Node {
  readonly id: number;
  readonly parent: Node | undefined;
  readonly message: Message;
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

export class Session {
  readonly info: SessionInfo;
  readonly #file: string | undefined;
  #nodes: Node[] = [];
  #head: Node | undefined;
  #written = false;
  #problem: unknown;

  /** `file` undefined: the session lives in memory only. Nothing is written before the first message. */
  constructor(info: SessionInfo, file: string | undefined) {
    this.info = info;
    this.#file = file;
  }

  /**
   * Reads a session. A damaged line (a crash cuts the last one) is left out; what an unfinished answer had said is kept.
   * @throws EngineError `io` when the file cannot be read or is no session.
   */
  static read(file: string): Session {
    let content: string;
    try {
      content = readFileSync(file, 'utf8');
    } catch (cause) {
      throw new EngineError('io', `the session ${file} cannot be read`, {
        cause,
        hint: '`mistral sessions list` shows the available sessions',
      });
    }
    const lines = content.split('\n').flatMap(parseLine);
    const info = lines.map(readInfo).find((found) => found !== undefined);
    if (info === undefined)
      throw new EngineError('io', `${file} is no session`, {
        hint: '`mistral sessions list` shows the available sessions',
      });
    const session = new Session(info, file);
    session.#written = true;
    // A line that was cut off must not swallow the next one.
    if (!content.endsWith('\n')) session.#append('');
    session.#replay(lines);
    return session;
  }

  /** The messages of the branch in use. */
  get messages(): readonly Message[] {
    return path(this.#head).map((node) => node.message);
  }

  /** Why the file could not be written, if it could not; the chat goes on without. */
  get problem(): unknown {
    return this.#problem;
  }

  /** The last messages of all branches with the messages that lead to them, the newest first. */
  get branches(): readonly {readonly current: boolean; readonly messages: readonly Message[]}[] {
    const parents = new Set(this.#nodes.map((node) => node.parent));
    const leaves = this.#nodes.filter((node) => !parents.has(node) || node === this.#head);
    return leaves.reverse().map((leaf) => ({
      current: leaf === this.#head,
      messages: path(leaf).map((node) => node.message),
    }));
  }

  /** Takes over what the conversation's messages are now: new ones are appended, a step back or aside moves the head. */
  update(messages: readonly Message[]): void {
    const before = this.#head;
    let head: Node | undefined;
    let known = true;
    for (const message of messages) {
      const next: Node | undefined = known ? this.#child(head, message) : undefined;
      known = next !== undefined;
      head = next ?? this.#add(head, message);
    }
    this.#head = head;
    if (known && head !== before) this.#append({type: 'head', node: head?.id ?? 0});
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
    return this.#nodes.findLast((node) => node.parent === parent && same(node.message, message));
  }

  #add(parent: Node | undefined, message: Message): Node {
    const node = {id: this.#nodes.length + 1, parent, message};
    this.#nodes.push(node);
    this.#append({type: 'message', node: node.id, parent: parent?.id ?? 0, message: messageToWire(message)});
    return node;
  }

  /** Appends a line; a write that fails is remembered and the chat goes on. */
  #append(line: object | ''): void {
    if (this.#file === undefined || this.#problem !== undefined) return;
    try {
      if (!this.#written) {
        makeFolder(dirname(this.#file), 0o700);
        appendFileSync(this.#file, `${JSON.stringify({type: 'session', format: 1, ...this.info})}\n`, {mode: 0o600});
        this.#written = true;
      }
      appendFileSync(this.#file, line === '' ? '\n' : `${JSON.stringify(line)}\n`, {mode: 0o600});
    } catch (error) {
      this.#problem = error;
    }
  }

  #replay(lines: readonly JsonObject[]): void {
    const byId = new Map<number, Node>();
    let partial = '';
    for (const line of lines) {
      const node = readNode(line, byId);
      if (node !== undefined) {
        this.#nodes.push(node);
        byId.set(node.id, node);
        this.#head = node;
      } else if (line.get('type') === 'head') this.#head = byId.get(number(line.get('node')));
      else if (line.get('type') === 'partial') {
        partial += String(line.get('text') ?? '');
        continue;
      }
      partial = '';
    }
    if (partial !== '' && this.#head?.message.role === 'user') {
      this.#head = this.#add(this.#head, {role: 'assistant', content: partial} satisfies AssistantMessage);
    }
  }
}

function path(head: Node | undefined): Node[] {
  const nodes: Node[] = [];
  for (let node = head; node !== undefined; node = node.parent) nodes.unshift(node);
  return nodes;
}

function same(a: Message, b: Message): boolean {
  return a === b || JSON.stringify(messageToWire(a)) === JSON.stringify(messageToWire(b));
}

function parseLine(line: string): JsonObject[] {
  try {
    const json = parseJson(line);
    return isJsonObject(json) ? [json] : [];
  } catch {
    return [];
  }
}

function readInfo(line: JsonObject): SessionInfo | undefined {
  const [id, created, model] = [line.get('id'), line.get('created'), line.get('model')];
  if (line.get('type') !== 'session' || typeof id !== 'string' || typeof created !== 'string') return undefined;
  return {id, created, model: typeof model === 'string' ? model : ''};
}

/** A message line whose parent is known; anything else is no node. */
function readNode(line: JsonObject, byId: ReadonlyMap<number, Node>): Node | undefined {
  const message = line.get('message');
  if (line.get('type') !== 'message' || message === undefined) return undefined;
  const parent = number(line.get('parent'));
  if (parent !== 0 && !byId.has(parent)) return undefined;
  try {
    const read = readMessage(message, 'message', {dialect: 'lenient', ignored: []});
    return {id: number(line.get('node')), parent: byId.get(parent), message: read};
  } catch {
    return undefined;
  }
}

function number(json: Json | undefined): number {
  return isJsonNumber(json) ? Number(json.source) : 0;
}
