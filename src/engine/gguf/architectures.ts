// What a `general.architecture` is that is no text model of its own, whichever engine is asked.

const OTHERS: ReadonlyMap<string, string> = new Map([
  ['clip', 'a vision projector (mmproj): it only adds images to a model'],
  ['eagle3', 'a draft head: it only speeds up another model'],
  ['dflash', 'a draft head: it only speeds up another model'],
  ['gemma4-assistant', 'a draft head: it only speeds up another model'],
  ['wavtokenizer-dec', 'a speech decoder'],
  ['qwen3tts', 'a speech model'],
  ['pockettts', 'a speech model'],
  ['t5encoder', 'an embedding model: it writes no text'],
  ['bert', 'an embedding model: it writes no text'],
  ['modern-bert', 'an embedding model: it writes no text'],
  ['nomic-bert', 'an embedding model: it writes no text'],
  ['nomic-bert-moe', 'an embedding model: it writes no text'],
  ['neo-bert', 'an embedding model: it writes no text'],
  ['jina-bert-v2', 'an embedding model: it writes no text'],
  ['jina-bert-v3', 'an embedding model: it writes no text'],
  ['eurobert', 'an embedding model: it writes no text'],
  ['gemma-embedding', 'an embedding model: it writes no text'],
  ['llama-embed', 'an embedding model: it writes no text'],
]);

/** What it is, in words that follow "is"; undefined for what may be a text model. */
export function notTextModel(architecture: string): string | undefined {
  return OTHERS.get(architecture);
}
