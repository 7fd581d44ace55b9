// The lines of a kept chat's file: what each says, how it is written, and which of them are damaged.
import {isUtf8} from 'node:buffer';
import {isJsonArray, isJsonNumber, isJsonObject, type Json, type JsonObject, parseJson} from '../../base/json.ts';
import type {Message} from '../contract/requests.ts';
import {readMessage} from '../wire/read-messages.ts';
import {messageToWire} from '../wire/write-messages.ts';

/** The format that this program writes. A file of any other is read, and never appended to. */
export const FORMAT = 1;

/** One line of the file. Numbers of messages count from 1; 0 is the place before the first. */
export type SessionLine =
  | {
      readonly type: 'session';
      readonly format: number;
      readonly id: string;
      /** ISO 8601. */
      readonly created: string;
      readonly model: string;
    }
  | {
      readonly type: 'message';
      readonly node: number;
      readonly parent: number;
      readonly message: Message;
      /** The message that waited and is sent with this line. */
      readonly queued?: number;
    }
  /** The chat goes on behind this message: a step back or aside. */
  | {readonly type: 'head'; readonly node: number}
  /**
   * What the model is told of the branch of this message begins with it; `summary` answers the request before it, and both stand
   * for what was before. The last line whose message is in the branch counts.
   */
  | {readonly type: 'window'; readonly from: number; readonly summary?: number}
  /** A piece of the answer that is being written. */
  | {readonly type: 'partial'; readonly text: string}
  /** What the person sent and the model has not read yet; it takes the place of others that were given back to change. */
  | {readonly type: 'queued'; readonly id: number; readonly text: string; readonly instead?: readonly number[]}
  /** Messages that wait no longer: they are said in another chat. */
  | {readonly type: 'dropped'; readonly ids: readonly number[]};

export interface SessionLines {
  readonly lines: readonly SessionLine[];
  /** Lines that say nothing any more. */
  readonly damaged: number;
  /** Lines that are read, with a replacement character where bytes are no text. */
  readonly garbled: number;
  /** The last line was cut off: another must not be written behind it. */
  readonly isCut: boolean;
}

/** A line as it stands in the file, with its end. */
export function writeLine(line: SessionLine): string {
  const plain = line.type === 'message' ? {...line, message: messageToWire(line.message)} : line;
  return `${JSON.stringify(plain)}\n`;
}

/** Reads the lines of a file; what is damaged is left out and counted. Takes time by the bytes, not by their square. */
export function readLines(bytes: Buffer): SessionLines {
  const lines: SessionLine[] = [];
  const isText = isUtf8(bytes);
  let [damaged, garbled] = [0, 0];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    // Line by line: a file may be longer than the longest string.
    const raw = bytes.subarray(start, end);
    start = end + 1;
    if (raw.length === 0) continue;
    const pieces = readPieces(raw.toString('utf8'));
    const good = pieces.filter((piece) => piece !== undefined);
    for (const line of good) lines.push(line);
    damaged += pieces.length - good.length;
    if (!isText && good.length > 0 && !isUtf8(raw)) garbled += 1;
  }
  return {lines, damaged, garbled, isCut: bytes.length > 0 && bytes.at(-1) !== 0x0a};
}

/**
 * Where a line begins inside another: the end between them was lost, or the first was cut off. Inside a text the quotes
 * would be escaped, and no part of a message has one of these types.
 */
const STARTS = /(?=\{"type":"(?:session|message|head|window|partial|queued|dropped)",)/;

/** What a line says; undefined for each piece that is damaged. */
function readPieces(text: string): (SessionLine | undefined)[] {
  const whole = readPiece(text);
  if (whole !== undefined) return [whole];
  const pieces = text.split(STARTS);
  // What stands before the first start or behind the last bracket is what is left of a line's end, or of a line.
  return pieces.length === 1 ? [readTrimmed(text)] : pieces.map(readTrimmed);
}

function readTrimmed(text: string): SessionLine | undefined {
  const end = text.lastIndexOf('}');
  // One character: the line's end turned into another. More was a line of its own.
  return text.length - end > 2 ? undefined : readPiece(text.slice(0, end + 1));
}

function readPiece(text: string): SessionLine | undefined {
  try {
    const json = parseJson(text);
    return isJsonObject(json) ? readLine(json) : undefined;
  } catch {
    // Said by the count of damaged lines.
    return undefined;
  }
}

function readLine(json: JsonObject): SessionLine | undefined {
  const [text, id] = [json.get('text'), count(json.get('id'))];
  switch (json.get('type')) {
    case 'session':
      return readInfo(json);
    case 'message':
      return readMessageLine(json);
    case 'head': {
      const node = count(json.get('node'));
      return node === undefined ? undefined : {type: 'head', node};
    }
    case 'window': {
      const [from, summary] = [count(json.get('from')), count(json.get('summary'))];
      return from === undefined ? undefined : {type: 'window', from, ...(summary !== undefined && {summary})};
    }
    case 'partial':
      return typeof text === 'string' ? {type: 'partial', text} : undefined;
    case 'queued': {
      if (typeof text !== 'string' || id === undefined) return undefined;
      const instead = counts(json.get('instead'));
      return {type: 'queued', id, text, ...(instead.length > 0 && {instead})};
    }
    case 'dropped':
      return {type: 'dropped', ids: counts(json.get('ids'))};
    default:
      return undefined;
  }
}

function readInfo(json: JsonObject): SessionLine | undefined {
  const [id, created, model] = [json.get('id'), json.get('created'), json.get('model')];
  if (typeof id !== 'string' || typeof created !== 'string') return undefined;
  // A format that is no number is none of ours.
  const format = count(json.get('format')) ?? 0;
  return {type: 'session', format, id, created, model: typeof model === 'string' ? model : ''};
}

function readMessageLine(json: JsonObject): SessionLine | undefined {
  const [node, parent, message] = [count(json.get('node')), count(json.get('parent')), json.get('message')];
  if (!node || parent === undefined || message === undefined) return undefined;
  const queued = count(json.get('queued'));
  const read = readMessage(message, 'message', {dialect: 'lenient', ignored: []});
  return {type: 'message', node, parent, message: read, ...(queued !== undefined && {queued})};
}

function counts(json: Json | undefined): number[] {
  return isJsonArray(json) ? json.map(count).filter((number) => number !== undefined) : [];
}

function count(json: Json | undefined): number | undefined {
  const number = isJsonNumber(json) ? Number(json.source) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
