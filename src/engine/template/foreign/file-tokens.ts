// The tokens that a model's file puts around its texts.
import type {Token} from '../../contract/prompt.ts';

/** Which tokens a file puts around its texts. */
export interface FileTokens {
  readonly bos: Token;
  readonly eos: Token;
  /** Further tokens that end an answer. */
  readonly ends: readonly Token[];
  /** Whether a text begins with `bos` even where the template does not print it. */
  readonly addsBos: boolean;
}
