// A vocabulary that is not one of Mistral's families: text to ids by the engine's own tokenizer, ids to text by the file.
import {EngineError} from '../../../base/errors.ts';
import {atOnce, type Steps} from '../../../base/in-turns.ts';
import type {Token} from '../../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';
import {BYTE_LETTERS} from '../../gguf/check/byte-letters.ts';
import type {GgufFile} from '../../gguf/read-header.ts';
import {SPM_TYPE} from '../../tokenizer/spm/spm.ts';
import {Utf8Stream} from '../../tokenizer/utf8-stream.ts';
import {freshMark, SpecialTexts} from './marked-text.ts';

/** UTF-16 units that the engine's tokenizer gets at once: its patterns recurse, and 30,000 letters ended the process. */
const MOST_AT_ONCE = 2000;

const BYTE_OF = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));

export class EngineTokenizer implements Tokenizer {
  /** Byte-level like tekken; its pieces and merges are its own. */
  readonly family = 'tekken';
  readonly vocabSize: number;
  readonly bos: Token;
  readonly eos: Token;
  readonly specials = new Map<string, Token>();
  readonly #texts: readonly string[];
  readonly #types: Float64Array;
  readonly #special: SpecialTexts;
  readonly #encode: (text: string) => readonly Token[];

  /**
   * `encode`: the engine's tokenizer, without control tokens.
   * @throws EngineError `model_unsupported` for a vocabulary whose pieces are not bytes, `model_invalid` for none.
   */
  constructor({path, metadata}: GgufFile, encode: (text: string) => readonly Token[]) {
    const strings = metadata.strings('tokenizer.ggml.tokens');
    if (strings === undefined) throw new EngineError('model_invalid', `${path} has no vocabulary`);
    const model = metadata.string('tokenizer.ggml.model');
    if (model !== 'gpt2') {
      throw new EngineError('model_unsupported', `${path} has a "${model}" vocabulary, which this program cannot read`);
    }
    this.vocabSize = strings.count;
    this.#types =
      metadata.numbers('tokenizer.ggml.token_type') ?? new Float64Array(strings.count).fill(SPM_TYPE.normal);
    this.#texts = Array.from({length: strings.count}, (_, id) => {
      const start = strings.starts[id] as number;
      return strings.bytes.toString('utf8', start, start + (strings.lengths[id] as number));
    });
    for (const [id, text] of this.#texts.entries()) {
      const isAdded = this.#types[id] === SPM_TYPE.userDefined && /\S/.test(text);
      if ((this.isControl(id) || isAdded) && !this.specials.has(text)) this.specials.set(text, id);
    }
    const token = (key: string) => Math.min(metadata.number(key) ?? 0, this.vocabSize - 1);
    this.bos = token('tokenizer.ggml.bos_token_id');
    this.eos = token('tokenizer.ggml.eos_token_id');
    this.#special = new SpecialTexts(this.specials.keys());
    this.#encode = encode;
  }

  encode(text: string): Token[] {
    return atOnce(this.encodeSteps(text));
  }

  /** The engine makes added pieces from text: it gets them cut. */
  *encodeSteps(text: string): Steps<Token[]> {
    const mark = freshMark([text]);
    const tokens: Token[] = [];
    for (const part of this.#special.mark(text, mark).split(mark)) {
      for (const short of cutLong(part)) {
        if (short !== '') for (const token of this.#encode(short)) tokens.push(token);
        yield;
      }
    }
    return tokens;
  }

  controlId(text: string): Token | undefined {
    return this.specials.get(text);
  }

  isControl(token: Token): boolean {
    const type = this.#types[token];
    return type === SPM_TYPE.control || type === SPM_TYPE.unknown || type === SPM_TYPE.unused;
  }

  piece(token: Token): string {
    return this.#isBytes(token) ? Buffer.from(this.bytes(token)).toString() : this.#raw(token);
  }

  bytes(token: Token): Uint8Array {
    const raw = this.#raw(token);
    if (this.isControl(token)) return new Uint8Array();
    if (!this.#isBytes(token)) return Buffer.from(raw);
    return Uint8Array.from(raw, (letter) => BYTE_OF.get(letter) ?? 0x3f);
  }

  decoder(): TokenDecoder {
    const stream = new Utf8Stream('sequence');
    return {
      push: (token) => (this.isControl(token) ? stream.flush() : stream.push(this.bytes(token))),
      end: () => stream.flush(),
    };
  }

  #isBytes(token: Token): boolean {
    return this.#types[token] === SPM_TYPE.normal;
  }

  /** An id past the vocabulary would end the process, were the engine asked for it. */
  #raw(token: Token): string {
    const raw = this.#texts[token];
    if (raw !== undefined) return raw;
    throw new EngineError('invalid_request', `token ${token} is not in the vocabulary of ${this.vocabSize} tokens`);
  }
}

/** Cut before a space between two words, where a pattern cuts too; a run without one is cut where it gets too long. */
function* cutLong(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > MOST_AT_ONCE) {
    const window = text.slice(from, from + MOST_AT_ONCE);
    const [head = ''] = /^[\s\S]*\S(?= \S)/.exec(window) ?? [];
    const length = head.length || wholeCharacters(window, MOST_AT_ONCE);
    yield text.slice(from, from + length);
    from += length;
  }
  yield text.slice(from);
}

/** No character is cut in two. */
const wholeCharacters = (text: string, length: number) =>
  /[\ud800-\udbff]/.test(text[length - 1] ?? '') ? length - 1 : length;
