// A prompt as an engine takes it: token ids, and media at the places they stand for.
import {EngineError} from '../../base/errors.ts';
import type {TemplateName} from './templates.ts';

/** Id of a token in the model's vocabulary. */
export type Token = number;

/** A picture or a sound, as the bytes of its file. */
export interface Medium {
  readonly kind: 'image' | 'audio';
  /** Media type of the bytes, such as `image/png`. */
  readonly type: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, in hex: two media with one hash are the same. */
  readonly hash: string;
}

/** A medium in a prompt: it takes `length` places from `at` on. */
export interface PlacedMedium {
  readonly at: number;
  readonly length: number;
  readonly medium: Medium;
}

/**
 * `tokens` has one entry for each place of the context, so that lengths, limits and prefixes stay plain arithmetic;
 * the places of a medium are `HOLE`. `media` are in order and do not overlap.
 */
export interface Prompt {
  readonly tokens: readonly Token[];
  readonly media: readonly PlacedMedium[];
}

/** A prompt as a template wrote it. */
export interface Tokenized extends Prompt {
  readonly version: TemplateName;
}

/** What `tokens` has at each place of a medium; no vocabulary has this id. */
export const HOLE = -1;

/** A prompt of token ids alone. */
export const textPrompt = (tokens: readonly Token[]): Prompt => ({tokens, media: []});

/** How many places two prompts share from the start. A medium counts whole or not at all, equal by hash and length. */
export function commonPrefix(a: Prompt, b: Prompt): number {
  const shorter = Math.min(a.tokens.length, b.tokens.length);
  let at = 0;
  let passed = 0;
  while (at < shorter && a.tokens[at] === b.tokens[at]) {
    if (a.tokens[at] !== HOLE) {
      at++;
      continue;
    }
    const length = sharedLength(a.media[passed], b.media[passed], at);
    if (length === 0 || at + length > shorter) break;
    at += length;
    passed++;
  }
  return at;
}

/** The places of a medium that stands at `at` in both prompts; 0 when it is not the same one. */
function sharedLength(a: PlacedMedium | undefined, b: PlacedMedium | undefined, at: number): number {
  if (a?.at !== at || b?.at !== at) return 0;
  return a.length === b.length && a.medium.hash === b.medium.hash ? a.length : 0;
}

/** The largest length up to `length` at which a prompt can be cut without cutting a medium. */
export function wholeLength({media}: Pick<Prompt, 'media'>, length: number): number {
  const cut = media.find((placed) => placed.at < length && placed.at + placed.length > length);
  return cut?.at ?? length;
}

/** A stretch of text, never empty, or one medium. */
export type PromptSegment = {readonly tokens: readonly Token[]} | {readonly medium: Medium; readonly length: number};

/** The prompt in the order in which an engine evaluates it. */
export function* promptSegments({tokens, media}: Prompt): Generator<PromptSegment> {
  let done = 0;
  for (const {at, length, medium} of media) {
    if (at > done) yield {tokens: tokens.slice(done, at)};
    yield {medium, length};
    done = at + length;
  }
  if (done < tokens.length) yield {tokens: tokens.slice(done)};
}

/** The ids of a prompt, for an engine that takes nothing else. @throws EngineError `unsupported` when it holds a medium. */
export function onlyText({tokens, media: [first]}: Prompt): readonly Token[] {
  if (!first) return tokens;
  const what = first.medium.kind === 'image' ? 'images' : 'audio';
  throw new EngineError('unsupported', `this engine takes text only, and the prompt holds ${what}`, {
    hint: `Leave the ${what} out, or use a model and an engine that take them.`,
    param: 'messages',
  });
}

/**
 * @throws EngineError `context_length_exceeded` for a prompt of `length` tokens, or of no fewer than that (`least`), that
 * does not fit.
 */
export function checkLength(length: number, contextSize: number, least = false): void {
  if (length <= contextSize) return;
  throw new EngineError(
    'context_length_exceeded',
    `the prompt has ${least ? 'at least ' : ''}${length} tokens and the context holds ${contextSize}`,
    {
      hint: 'Shorten the prompt, drop old messages, or give the model a larger context with --ctx.',
      param: 'messages',
      context: {promptTokens: length, contextSize},
    },
  );
}
