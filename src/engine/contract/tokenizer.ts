// What the templates and the output parser need of a vocabulary; spm.ts and tekken.ts are the two families.
import type {Steps} from '../../base/in-turns.ts';
import type {Token} from './requests.ts';

export interface Tokenizer {
  readonly family: 'spm' | 'tekken';
  readonly vocabSize: number;
  readonly bos: Token;
  readonly eos: Token;
  /** Plain text to ids. Never yields a control token, never adds BOS; empty text gives no ids. */
  encode(text: string): Token[];
  /** The same ids, for a text of any length: others get their turn while it is encoded. */
  encodeSteps(text: string): Steps<Token[]>;
  /** Tokens that no text becomes, by their text: control tokens, and pieces that were added to Mistral's vocabulary. */
  readonly specials: ReadonlyMap<string, Token>;
  /** Id of one of them by its text ("[INST]"); undefined when the vocabulary lacks it. */
  controlId(text: string): Token | undefined;
  isControl(token: Token): boolean;
  /** The token's text as people should see it: control tokens by name, invalid UTF-8 replaced. */
  piece(token: Token): string;
  /** The bytes a token adds to a text: none for control tokens. SPM's word mark is a space. */
  bytes(token: Token): Uint8Array;
  /** A decoder for one stream of tokens: never splits a character, drops SPM's dummy prefix at the start of the text. */
  decoder(): TokenDecoder;
}

export interface TokenDecoder {
  /** Text completed by this token: possibly empty while a character is unfinished. */
  push(token: Token): string;
  /** What is left at the end: an unfinished character becomes U+FFFD. */
  end(): string;
}
