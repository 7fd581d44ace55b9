// Tekken: rank BPE over bytes within the pieces its pattern cuts.
import {EngineError} from '../../../base/errors.ts';
import type {Steps} from '../../../base/in-turns.ts';
import type {Token} from '../../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';
import {Merger} from '../merge.ts';
import {PieceIndex, type Pieces} from '../pieces.ts';
import {Utf8Stream} from '../utf8-stream.ts';
import {TekkenSplitter} from './tekken-split.ts';

export interface TekkenVocabulary {
  /** Per id the bytes of the token; names of control tokens as text. A smaller id is merged earlier. */
  readonly pieces: Pieces;
  /** Per id: 1 where the token is a control token or takes no part in text, 2 where it is only not made from text. */
  readonly special: Uint8Array;
}

/** Words between two pauses. */
const STEP = 1024;
const NO_BYTES = new Uint8Array(0);

export class TekkenTokenizer implements Tokenizer {
  readonly family = 'tekken';
  readonly vocabSize: number;
  readonly bos: Token;
  readonly eos: Token;
  readonly #vocabulary: TekkenVocabulary;
  readonly specials = new Map<string, Token>();
  readonly #merger: Merger;

  /** @throws EngineError model_invalid when the vocabulary lacks <s>, </s> or a single byte. */
  constructor(vocabulary: TekkenVocabulary) {
    const {pieces, special} = vocabulary;
    this.#vocabulary = vocabulary;
    this.vocabSize = pieces.count;
    for (let id = 0; id < pieces.count; id++) {
      if (!special[id]) continue;
      const name = this.piece(id);
      if (!this.specials.has(name)) this.specials.set(name, id);
    }
    this.bos = this.#required('<s>');
    this.eos = this.#required('</s>');
    const index = new PieceIndex(pieces, (id) => !special[id]);
    this.#merger = new Merger(
      index,
      new Int32Array(pieces.count).map((_, id) => id),
    );
    for (let byte = 0; byte < 256; byte++) {
      if (this.#merger.findWhole(Uint8Array.of(byte), 0, 1) >= 0) continue;
      const name = byte.toString(16).padStart(2, '0');
      throw new EngineError('model_invalid', `the vocabulary has no token for byte 0x${name}`);
    }
  }

  encode(text: string): Token[] {
    const bytes = Buffer.from(text);
    const splitter = new TekkenSplitter(bytes);
    const tokens: Token[] = [];
    const emit = (id: number) => {
      tokens.push(id);
    };
    for (let start = 0; start < bytes.length; ) {
      const end = splitter.end(start);
      const whole = this.#merger.findWhole(bytes, start, end);
      if (whole >= 0) tokens.push(whole);
      else this.#merger.merge(bytes, start, end, false, emit);
      start = end;
    }
    return tokens;
  }

  *encodeSteps(text: string): Steps<Token[]> {
    const bytes = Buffer.from(text);
    yield;
    const splitter = new TekkenSplitter(bytes);
    const merger = this.#merger.fresh();
    const tokens: Token[] = [];
    const emit = (id: number) => {
      tokens.push(id);
    };
    for (let start = 0, pieces = 0; start < bytes.length; pieces++) {
      if (pieces % STEP === 0) yield;
      const end = splitter.end(start);
      // As in tiktoken, a piece that is a token as a whole needs no merging, even if merges would not lead to it.
      const whole = merger.findWhole(bytes, start, end);
      if (whole >= 0) tokens.push(whole);
      else yield* merger.mergeSteps(bytes, start, end, false, emit);
      start = end;
    }
    return tokens;
  }

  controlId(text: string): Token | undefined {
    return this.specials.get(text);
  }

  isControl(token: Token): boolean {
    return this.#vocabulary.special[token] === 1;
  }

  piece(token: Token): string {
    return Buffer.from(this.#raw(token)).toString();
  }

  bytes(token: Token): Uint8Array {
    const raw = this.#raw(token);
    return this.isControl(token) ? NO_BYTES : raw;
  }

  decoder(): TokenDecoder {
    return new TekkenDecoder(this);
  }

  #raw(token: Token): Uint8Array {
    const {bytes, starts, lengths, count} = this.#vocabulary.pieces;
    if (!(Number.isInteger(token) && token >= 0 && token < count)) {
      throw new EngineError('invalid_request', `token ${token} is not in the vocabulary of ${count} tokens`);
    }
    const start = starts[token] as number;
    return bytes.subarray(start, start + (lengths[token] as number));
  }

  #required(name: string): Token {
    const id = this.specials.get(name);
    if (id === undefined) throw new EngineError('model_invalid', `the vocabulary has no ${name} token`);
    return id;
  }
}

/** A control token ends the character before it, as mistral-common decodes the stretches between them one by one. */
class TekkenDecoder implements TokenDecoder {
  readonly #tokenizer: Tokenizer;
  readonly #stream = new Utf8Stream('sequence');

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  push(token: Token): string {
    const bytes = this.#tokenizer.bytes(token);
    return this.#tokenizer.isControl(token) ? this.#stream.flush() : this.#stream.push(bytes);
  }

  end(): string {
    return this.#stream.flush();
  }
}
