// The figures of a model that memory and inspection need, read from GGUF metadata under its architecture's prefix.

import {layerCount} from './check/figures.ts';
import {GUESSED_CONTEXT, knownContext} from './default-context.ts';
import type {GgufFile} from './read-header.ts';

export interface ModelShape {
  readonly architecture: string;
  readonly layers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Tokens it was trained for; undefined when the file does not say. */
  readonly context: number | undefined;
  /** What is taken as `context`: that of the models of this shape where the file does not say. */
  readonly usableContext: number;
  readonly heads: number;
  /** KV heads of each layer: 0 for a layer without attention. */
  readonly kvHeads: readonly number[];
  /** Values of one key and one value vector of one head. */
  readonly keyLength: number;
  readonly valueLength: number;
  /** Multi-head latent attention: the cache holds one compressed vector of `keyLength` a token and layer. */
  readonly latent: boolean;
  /** Values of the fixed recurrent state of one layer and sequence; 0 for pure attention. */
  readonly stateValues: number;
  /** Some layers see only the last tokens: they have a cache and a mask beside those of the others. */
  readonly slides?: boolean;
  readonly experts: number;
  readonly expertsUsed: number;
}

/**
 * Reads the shape; a figure the file lacks is 0 (heads, layers) or derived from the others.
 * @throws EngineError `model_invalid` for more layers than any model has.
 */
export function modelShape(file: GgufFile): ModelShape {
  const {metadata} = file;
  const architecture = metadata.string('general.architecture') ?? 'unknown';
  const key = (name: string) => `${architecture}.${name}`;
  const number = (name: string) => metadata.number(key(name));
  const layers = layerCount(file);
  const heads = number('attention.head_count') ?? metadata.numbers(key('attention.head_count'))?.[0] ?? 0;
  const embedding = number('embedding_length') ?? 0;
  const headLength = heads > 0 ? embedding / heads : 0;
  const perLayer = metadata.numbers(key('attention.head_count_kv'));
  const kvHeads = perLayer ? [...perLayer] : Array<number>(layers).fill(number('attention.head_count_kv') ?? heads);
  const clues = {dim: embedding, layers, isMixture: (number('expert_count') ?? 0) > 0};
  return {
    architecture,
    layers,
    embedding,
    feedForward: number('feed_forward_length') ?? metadata.numbers(key('feed_forward_length'))?.[0] ?? 0,
    vocabulary: vocabularySize(file, number('vocab_size')),
    context: number('context_length'),
    usableContext: number('context_length') ?? knownContext({...clues, slidingWindow: false}) ?? GUESSED_CONTEXT,
    heads,
    kvHeads,
    keyLength: number('attention.key_length') ?? headLength,
    valueLength: number('attention.value_length') ?? headLength,
    // Older files have the rank without this length: llama.cpp then caches whole keys and values of every head.
    latent: (number('attention.key_length_mla') ?? 0) > 0,
    stateValues: stateValues(number),
    ...(metadata.numbers(key('attention.sliding_window_pattern'))?.some((slides) => slides !== 0) && {slides: true}),
    experts: number('expert_count') ?? 0,
    expertsUsed: number('expert_used_count') ?? 0,
  };
}

function vocabularySize(file: GgufFile, declared: number | undefined): number {
  const embedding = file.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  return embedding?.shape[1] ?? declared ?? file.metadata.strings('tokenizer.ggml.tokens')?.count ?? 0;
}

/** Mamba: the convolution window and the state matrix of a layer (llama-hparams.cpp, n_embd_r and n_embd_s). */
function stateValues(number: (name: string) => number | undefined): number {
  const inner = number('ssm.inner_size');
  const state = number('ssm.state_size');
  if (inner === undefined || state === undefined) return 0;
  const kernel = number('ssm.conv_kernel') ?? 0;
  const groups = number('ssm.group_count') ?? 0;
  return Math.max(kernel - 1, 0) * (inner + 2 * groups * state) + inner * state;
}
