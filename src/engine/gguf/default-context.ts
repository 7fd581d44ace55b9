// The context length of a model whose files do not say it: that of the published models of its shape.

export interface ContextClues {
  readonly dim: number;
  readonly layers: number;
  readonly isMixture: boolean;
  readonly slidingWindow: boolean;
}

/** Taken where the shape tells nothing. */
export const GUESSED_CONTEXT = 32_768;

/** Published context lengths by shape, in tokens; undefined for a shape no published model has. */
export function knownContext({dim, layers, isMixture, slidingWindow}: ContextClues): number | undefined {
  if (dim === 4096 && layers === 32) return slidingWindow && !isMixture ? 8192 : 32_768;
  if (dim === 6144 && layers === 56) return isMixture ? 65_536 : 32_768;
  if ((dim === 5120 && layers === 40) || (dim === 12_288 && layers === 88)) return 131_072;
  return undefined;
}
