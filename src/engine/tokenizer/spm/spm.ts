// SentencePiece BPE with byte fallback, as Mistral's v1 to v7 vocabularies use it.
import {EngineError} from '../../../base/errors.ts';
import type {Steps} from '../../../base/in-turns.ts';
import type {Token} from '../../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';
import {isControlName, isReferenceName} from '../control-tokens.ts';
import {Merger} from '../merge.ts';
import {PieceIndex, type Pieces} from '../pieces.ts';
import {SpmDecoder} from './spm-decoder.ts';
import {UserPieces} from './user-pieces.ts';

/** SentencePiece's types; GGUF uses the same numbers. */
export const SPM_TYPE = {normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6} as const;

export interface SpmVocabulary {
  readonly pieces: Pieces;
  /** Per id: the higher, the earlier merged. */
  readonly scores: Float32Array;
  /** Per id, one of `SPM_TYPE`. */
  readonly types: Uint8Array;
  /** Whether every text gets a word mark in front. True in all of Mistral's files. */
  readonly dummyPrefix: boolean;
  /**
   * `cut`: user-defined pieces are cut out of every text, as SentencePiece does. `apart`: only Mistral's own are, and
   * what was added by others is special.
   */
  readonly added?: 'cut' | 'apart';
  /** The types count as they are; else a name that is known means a control token under any type. */
  readonly isTyped?: boolean;
  /** Ids of the tokens around a text, where they are not <s> and </s>. */
  readonly bos?: Token;
  readonly eos?: Token;
}

/** Words between two pauses. */
const STEP = 1024;
const WORD_MARK = '\u2581';
const WORD_MARK_BYTES = Buffer.from(WORD_MARK);
/** SentencePiece's surface of <unk>. */
const UNKNOWN_BYTES = Buffer.from(' \u2047 ');
const NO_BYTES = new Uint8Array(0);

export class SpmTokenizer implements Tokenizer {
  readonly family = 'spm';
  readonly vocabSize: number;
  readonly bos: Token;
  readonly eos: Token;
  readonly #vocabulary: SpmVocabulary;
  readonly #types: Uint8Array;
  readonly specials = new Map<string, Token>();
  readonly #byteTokens: Int32Array;
  readonly #byteOf = new Map<Token, number>();
  readonly #merger: Merger;
  readonly #userPieces: UserPieces;
  /** No piece has a word mark behind another character, so that words can be merged one by one. */
  readonly #wordsApart: boolean;

  /** @throws EngineError model_invalid when the vocabulary lacks <s>, </s> or a byte piece. */
  constructor(vocabulary: SpmVocabulary) {
    const {pieces, scores} = vocabulary;
    this.#vocabulary = vocabulary;
    this.vocabSize = pieces.count;
    this.#types = this.#effectiveTypes();
    const types = this.#types;
    this.bos = vocabulary.bos ?? this.#required('<s>');
    this.eos = vocabulary.eos ?? this.#required('</s>');
    this.#byteTokens = this.#indexBytes();
    const isCut = (id: number) => types[id] === SPM_TYPE.userDefined && !this.#isApart(id);
    const isText = (id: number) => types[id] === SPM_TYPE.normal || isCut(id);
    const index = new PieceIndex(pieces, isText);
    this.#merger = new Merger(index, ordersByScore(scores));
    this.#userPieces = new UserPieces(pieces, isCut);
    this.#wordsApart = !hasInnerWordMark(pieces, isText);
  }

  encode(text: string): Token[] {
    if (text === '') return [];
    const bytes = Buffer.from(this.#start + text.replaceAll(' ', WORD_MARK));
    const tokens: Token[] = [];
    const emit = this.#emitTo(tokens, bytes);
    for (const part of this.#userPieces.split(bytes)) {
      if (part?.id !== undefined) tokens.push(part.id);
      else if (part) {
        for (const [from, to] of this.#words(bytes, part)) this.#merger.merge(bytes, from, to, true, emit);
      }
    }
    return tokens;
  }

  *encodeSteps(text: string): Steps<Token[]> {
    if (text === '') return [];
    const bytes = yield* markedBytes(this.#start, text);
    const tokens: Token[] = [];
    const emit = this.#emitTo(tokens, bytes);
    const merger = this.#merger.fresh();
    let words = 0;
    for (const part of this.#userPieces.split(bytes)) {
      if (part === undefined) yield;
      else if (part.id !== undefined) tokens.push(part.id);
      else {
        for (const [from, to] of this.#words(bytes, part)) {
          if (words++ % STEP === 0) yield;
          yield* merger.mergeSteps(bytes, from, to, true, emit);
        }
      }
    }
    return tokens;
  }

  controlId(text: string): Token | undefined {
    return this.specials.get(text);
  }

  isControl(token: Token): boolean {
    return this.#types[token] === SPM_TYPE.control;
  }

  /** SentencePiece's own spelling: word mark as ▁, byte pieces as <0xNN>. */
  piece(token: Token): string {
    return Buffer.from(this.#raw(token)).toString();
  }

  bytes(token: Token): Uint8Array {
    const raw = this.#raw(token);
    const type = this.#types[token];
    if (type === SPM_TYPE.control) return NO_BYTES;
    if (type === SPM_TYPE.unknown) return UNKNOWN_BYTES;
    if (type === SPM_TYPE.byte) return Uint8Array.of(this.#byteOf.get(token) ?? 0);
    return Buffer.from(Buffer.from(raw).toString().replaceAll(WORD_MARK, ' '));
  }

  decoder(): TokenDecoder {
    return new SpmDecoder(this, this.#vocabulary.dummyPrefix);
  }

  /** Whether a token's text begins with a word mark; a raw space byte is not one. */
  startsWithWordMark(token: Token): boolean {
    const type = this.#types[token];
    return (type === SPM_TYPE.normal || type === SPM_TYPE.userDefined) && isWordMark(this.#raw(token), 0);
  }

  /** The piece as it is in the vocabulary. */
  #raw(token: Token): Uint8Array {
    const {bytes, starts, lengths, count} = this.#vocabulary.pieces;
    if (!(Number.isInteger(token) && token >= 0 && token < count)) {
      throw new EngineError('invalid_request', `token ${token} is not in the vocabulary of ${count} tokens`);
    }
    const start = starts[token] as number;
    return bytes.subarray(start, start + (lengths[token] as number));
  }

  /** What stands before every text. */
  get #start(): string {
    return this.#vocabulary.dummyPrefix ? WORD_MARK : '';
  }

  /** Puts pieces at the end of `tokens`, and the bytes of what is none. */
  #emitTo(tokens: Token[], bytes: Uint8Array) {
    return (id: number, from: number, to: number) => {
      if (id >= 0) tokens.push(id);
      else for (let i = from; i < to; i++) tokens.push(this.#byteTokens[bytes[i] as number] as number);
    };
  }

  /** The stretches that are merged each by itself. */
  *#words(
    bytes: Uint8Array,
    {start, end}: {start: number; end: number},
  ): Generator<readonly [from: number, to: number]> {
    if (!this.#wordsApart) yield [start, end];
    for (let from = start; this.#wordsApart && from < end; ) {
      const to = wordEnd(bytes, from, end);
      yield [from, to];
      from = to;
    }
  }

  /**
   * The types as this tokenizer means them. A converter may have lost some: a control token's name is a control token
   * under any type, and llama.cpp's converter makes user-defined pieces normal.
   */
  #effectiveTypes(): Uint8Array {
    const {pieces} = this.#vocabulary;
    const types = Uint8Array.from(this.#vocabulary.types);
    for (let id = 0; id < this.vocabSize; id++) {
      const type = types[id];
      const first = pieces.bytes[pieces.starts[id] as number];
      const isKnown = type === SPM_TYPE.control || type === SPM_TYPE.userDefined;
      if ((first !== 0x5b && first !== 0x3c && !isKnown) || type === SPM_TYPE.byte) continue;
      const name = this.piece(id);
      if (this.#vocabulary.isTyped) {
        if (type === SPM_TYPE.unknown || type === SPM_TYPE.normal) continue;
      } else if (type !== SPM_TYPE.unknown && isControlName(name)) types[id] = SPM_TYPE.control;
      else if (type === SPM_TYPE.normal && isReferenceName(name)) types[id] = SPM_TYPE.userDefined;
      if ((types[id] === SPM_TYPE.control || this.#isAdded(types[id], name)) && !this.specials.has(name)) {
        this.specials.set(name, id);
      }
    }
    return types;
  }

  /** Pieces of white space alone stand for text in any vocabulary. */
  #isAdded(type: number | undefined, name: string): boolean {
    const isApart = this.#vocabulary.added === 'apart' && type === SPM_TYPE.userDefined;
    return isApart && !isReferenceName(name) && /[^\s\u2581]/.test(name);
  }

  #isApart(id: Token): boolean {
    return this.#isAdded(this.#types[id], this.piece(id));
  }

  #required(name: string): Token {
    const id = this.specials.get(name);
    if (id === undefined) throw new EngineError('model_invalid', `the vocabulary has no ${name} token`);
    return id;
  }

  #indexBytes(): Int32Array {
    const tokens = new Int32Array(256).fill(-1);
    for (let id = 0; id < this.vocabSize; id++) {
      if (this.#types[id] !== SPM_TYPE.byte) continue;
      const value = Number.parseInt(this.piece(id).slice(3, 5), 16);
      if (!(value >= 0)) continue;
      tokens[value] = id;
      this.#byteOf.set(id, value);
    }
    const missing = tokens.indexOf(-1);
    if (missing < 0) return tokens;
    const name = missing.toString(16).padStart(2, '0');
    throw new EngineError('model_invalid', `the vocabulary has no piece for byte 0x${name}, so not every text fits it`);
  }
}

/** UTF-16 units that become bytes at once. */
const STRETCH = 1 << 16;

/** The text with word marks for its spaces, behind `start`. */
function* markedBytes(start: string, text: string): Steps<Buffer> {
  const parts: Buffer[] = [Buffer.from(start)];
  for (let from = 0; from < text.length; ) {
    // No character is cut in two.
    const isHalf = /[\ud800-\udbff]/.test(text[from + STRETCH - 1] ?? '');
    const to = from + STRETCH - (isHalf ? 1 : 0);
    parts.push(Buffer.from(text.slice(from, to).replaceAll(' ', WORD_MARK)));
    from = to;
    yield;
  }
  return Buffer.concat(parts);
}

/** Scores as ranks: equal scores share one, the highest is 0. Sorted as numbers: a map of 32,000 floats is slow. */
function ordersByScore(scores: Float32Array): Int32Array {
  const sorted = Float32Array.from(scores).sort();
  const orders = new Int32Array(scores.length);
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id] as number;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as number) > score) high = middle;
      else low = middle + 1;
    }
    orders[id] = sorted.length - low;
  }
  return orders;
}

function isWordMark(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === WORD_MARK_BYTES[0] && bytes[at + 1] === WORD_MARK_BYTES[1] && bytes[at + 2] === WORD_MARK_BYTES[2]
  );
}

/** Where the word beginning at `from` ends: before the next word mark that follows another character. */
function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isWordMark(bytes, at)) at += 3;
  while (at < end && !isWordMark(bytes, at)) at++;
  return at;
}

function hasInnerWordMark({count, bytes, starts, lengths}: Pieces, include: (id: number) => boolean): boolean {
  for (let id = 0; id < count; id++) {
    const start = starts[id] as number;
    const end = start + (lengths[id] as number);
    if (include(id) && wordEnd(bytes, start, end) < end) return true;
  }
  return false;
}
