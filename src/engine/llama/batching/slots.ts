// The sequences of one context: which tokens each has in its KV cache, and which one a prompt should go to.
import {commonPrefix, type PlacedMedium, type Prompt, type Token, wholeLength} from '../../contract/prompt.ts';
import type {Native, NativeCheckpoint} from '../native-context.ts';
import type {Answer} from './answer.ts';

interface Checkpoint {
  readonly length: number;
  readonly native: NativeCheckpoint;
}

/** `tokens` and `media` are what the KV cache holds, in order: a slot can be compared with a prompt. */
export interface CacheSlot extends Prompt {
  readonly sequence: number;
  readonly tokens: Token[];
  readonly media: PlacedMedium[];
  job: Answer | undefined;
  /** Who may use what it holds; undefined is somebody, too. */
  owner: string | undefined;
  lastUsed: number;
  checkpoints: Checkpoint[];
}

/** A recurrent state cannot be cut: snapshots are kept, the newest few. */
const CHECKPOINTS = 4;

export class Slots {
  readonly all: readonly CacheSlot[];
  readonly #native: Native;
  readonly #recurrent: boolean;
  #clock = 0;

  constructor(native: Native, count: number, recurrent: boolean) {
    this.#native = native;
    this.#recurrent = recurrent;
    this.all = Array.from({length: count}, (_, sequence) => ({
      sequence,
      tokens: [],
      media: [],
      job: undefined,
      owner: undefined,
      lastUsed: 0,
      checkpoints: [],
    }));
  }

  /**
   * The idle slot of this owner with the longest common prefix. When more would be lost than reused: one that is empty, the
   * owner's own that was not used for longest, then anybody's.
   */
  choose(prompt: Prompt, owner?: string): CacheSlot | undefined {
    const rank = (slot: CacheSlot) => (slot.tokens.length === 0 ? 0 : slot.owner === owner ? 1 : 2);
    const idle = this.all.filter((slot) => !slot.job).sort((a, b) => rank(a) - rank(b) || a.lastUsed - b.lastUsed);
    let best: CacheSlot | undefined;
    let longest = 0;
    for (const slot of idle) {
      if (slot.owner !== owner) continue;
      const common = commonPrefix(slot, prompt);
      if (common > longest && common * 2 >= Math.min(slot.tokens.length, prompt.tokens.length)) {
        longest = common;
        best = slot;
      }
    }
    return best ?? idle[0];
  }

  /** The slot that worked last, if it holds anything. */
  lastUsed(): CacheSlot | undefined {
    const used = this.all.filter((slot) => slot.tokens.length > 0);
    return used.sort((a, b) => b.lastUsed - a.lastUsed)[0];
  }

  /**
   * Cuts the slot back to what it shares with the prompt and answers how many tokens that is. At least the
   * last token, or the medium at the end, stays to be evaluated, because only evaluation gives logits. What another owner
   * left is forgotten.
   */
  async reuse(slot: CacheSlot, prompt: Prompt, owner?: string): Promise<number> {
    slot.lastUsed = ++this.#clock;
    if (slot.owner !== owner && slot.tokens.length > 0) this.clear(slot);
    slot.owner = owner;
    const common = Math.min(commonPrefix(slot, prompt), wholeLength(prompt, prompt.tokens.length - 1));
    if (common === slot.tokens.length) return common;
    if (!this.#recurrent && this.#native.context.removeTokenCellsFromSequence(slot.sequence, common, -1)) {
      cut(slot, common);
      return common;
    }
    return this.#restore(slot, common);
  }

  async #restore(slot: CacheSlot, common: number): Promise<number> {
    const found = slot.checkpoints.findLast((checkpoint) => checkpoint.length <= common);
    for (const {native} of slot.checkpoints.filter((checkpoint) => checkpoint.length > common)) native.dispose();
    slot.checkpoints = slot.checkpoints.filter((checkpoint) => checkpoint.length <= common);
    if (found && (await this.#native.context.restoreCheckpoint(found.native, found.length - 1, slot.sequence))) {
      cut(slot, found.length);
      return found.length;
    }
    this.clear(slot);
    return 0;
  }

  /** Notes that the KV cache holds the next `count` places of the job too. */
  extend(slot: CacheSlot, {pending, prompt}: Answer, count: number): void {
    for (let at = 0; at < count; at++) slot.tokens.push(pending[at] as Token);
    for (const placed of prompt.media.slice(slot.media.length)) {
      if (placed.at + placed.length <= slot.tokens.length) slot.media.push(placed);
    }
  }

  /** Puts a state that was loaded from a file into the slot. */
  fill(slot: CacheSlot, {tokens, media}: Prompt): void {
    slot.owner = undefined;
    cut(slot, 0);
    for (const token of tokens) slot.tokens.push(token);
    slot.media.push(...media);
  }

  /** Where to stop feeding a prompt of this length for a checkpoint: before its last token, so that it can be redone. */
  checkpointAt(promptLength: number): number | undefined {
    return this.#recurrent && promptLength > 1 ? promptLength - 1 : undefined;
  }

  async takeCheckpoint(slot: CacheSlot): Promise<void> {
    const native = this.#native.createCheckpoint();
    await native.init(this.#native.context, slot.sequence);
    slot.checkpoints.push({length: slot.tokens.length, native});
    if (slot.checkpoints.length > CHECKPOINTS) slot.checkpoints.shift()?.native.dispose();
  }

  /** Forgets everything, also when the state is unknown after a failure. */
  clear(slot: CacheSlot): void {
    for (const {native} of slot.checkpoints) native.dispose();
    slot.checkpoints = [];
    cut(slot, 0);
    this.#native.context.disposeSequence(slot.sequence);
  }
}

function cut({tokens, media}: CacheSlot, length: number): void {
  tokens.length = length;
  while ((media.at(-1)?.at ?? -1) >= length) media.pop();
}
