// Prompts of long texts: what is written with a tokenizer at once is written with its long texts encoded in turns.
import {inTurns} from '../../base/in-turns.ts';
import type {Token} from '../contract/requests.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';

/** UTF-16 units that are encoded at once, in two or three milliseconds; what comes behind them waits. */
const AT_ONCE = 1 << 13;

export interface TurnOptions {
  /** Called with the texts that are to be encoded, before any is: throws where they are too long. */
  readonly checkLength?: (texts: readonly string[]) => void;
  /** Called after each pause: throws when nobody waits for the prompt any more. */
  readonly check?: () => void;
}

/**
 * What `write` makes with `tokenizer`. Where its texts are long it is run twice: first to find them, then, when others have had
 * their turns while they were encoded, with their tokens at hand. `write` must do the same at each run.
 */
export async function writeInTurns<Result>(
  tokenizer: Tokenizer,
  write: (tokenizer: Tokenizer) => Result,
  {checkLength, check}: TurnOptions = {},
): Promise<Result> {
  const known = new Map<string, Token[]>();
  for (;;) {
    const planned = new PlannedTokenizer(tokenizer, known);
    const result = write(planned);
    const {missing} = planned;
    if (missing.size === 0) return result;
    checkLength?.([...missing]);
    await inTurns(encodeAll(tokenizer, missing, known), check);
  }
}

function* encodeAll(tokenizer: Tokenizer, texts: Iterable<string>, known: Map<string, Token[]>) {
  for (const text of texts) {
    known.set(text, text.length <= AT_ONCE ? tokenizer.encode(text) : yield* tokenizer.encodeSteps(text));
    yield;
  }
}

/** A tokenizer that takes note of what it would have to encode. */
class PlannedTokenizer implements Tokenizer {
  readonly missing = new Set<string>();
  readonly family: Tokenizer['family'];
  readonly vocabSize: number;
  readonly bos: Token;
  readonly eos: Token;
  readonly specials: Tokenizer['specials'];
  readonly #tokenizer: Tokenizer;
  readonly #known: ReadonlyMap<string, Token[]>;
  #left = AT_ONCE;

  constructor(tokenizer: Tokenizer, known: ReadonlyMap<string, Token[]>) {
    this.#tokenizer = tokenizer;
    this.#known = known;
    this.family = tokenizer.family;
    this.vocabSize = tokenizer.vocabSize;
    this.bos = tokenizer.bos;
    this.eos = tokenizer.eos;
    this.specials = tokenizer.specials;
  }

  encode(text: string): Token[] {
    const tokens = this.#known.get(text);
    if (tokens) return tokens;
    this.#left -= text.length;
    if (this.#left >= 0) return this.#tokenizer.encode(text);
    this.missing.add(text);
    return [];
  }

  *encodeSteps(text: string) {
    return yield* this.#tokenizer.encodeSteps(text);
  }

  controlId(text: string): Token | undefined {
    return this.#tokenizer.controlId(text);
  }

  isControl(token: Token): boolean {
    return this.#tokenizer.isControl(token);
  }

  piece(token: Token): string {
    return this.#tokenizer.piece(token);
  }

  bytes(token: Token): Uint8Array {
    return this.#tokenizer.bytes(token);
  }

  decoder() {
    return this.#tokenizer.decoder();
  }
}
