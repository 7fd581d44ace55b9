// Which tokens end an answer, as the configuration of a folder names them.

/** What tokenizer_config.json and generation_config.json say. */
export interface EndClues {
  /** The text of `eos_token`. */
  readonly text?: string | undefined;
  /** `eos_token_id`, of which there can be several; any number, as it is written. */
  readonly ids: readonly number[];
}

/** Ids of the vocabulary, that of the text first, each once; what the vocabulary does not have is left out. */
export function endIds({text, ids}: EndClues, tokens: readonly Uint8Array[]): readonly number[] {
  const named = text === undefined ? -1 : tokens.findIndex((token) => Buffer.from(token).toString() === text);
  const all = [named, ...ids].filter((id) => Number.isSafeInteger(id) && id >= 0 && id < tokens.length);
  return [...new Set(all)];
}
