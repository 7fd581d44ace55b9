// The sequences of one context: which tokens each has in its KV cache, and which one a prompt should go to.
import type {Token} from '../contract/requests.ts';
import type {Native, NativeCheckpoint} from './native/binding.ts';
import type {Job} from './running-answer.ts';

interface Checkpoint {
  readonly length: number;
  readonly native: NativeCheckpoint;
}

export interface Slot {
  readonly sequence: number;
  /** What the KV cache holds, in order. */
  tokens: Token[];
  job: Job | undefined;
  lastUsed: number;
  checkpoints: Checkpoint[];
}

/** A recurrent state cannot be cut: snapshots are kept, the newest few. */
const CHECKPOINTS = 4;

export class Slots {
  readonly all: readonly Slot[];
  readonly #native: Native;
  readonly #recurrent: boolean;
  #clock = 0;

  constructor(native: Native, count: number, recurrent: boolean) {
    this.#native = native;
    this.#recurrent = recurrent;
    this.all = Array.from({length: count}, (_, sequence) => ({
      sequence,
      tokens: [],
      job: undefined,
      lastUsed: 0,
      checkpoints: [],
    }));
  }

  /** The idle slot with the longest common prefix; the least recently used one when more would be lost than reused. */
  choose(prompt: readonly Token[]): Slot | undefined {
    const idle = this.all.filter((slot) => !slot.job).sort((a, b) => a.lastUsed - b.lastUsed);
    let best: Slot | undefined;
    let longest = 0;
    for (const slot of idle) {
      const common = commonPrefix(slot.tokens, prompt);
      if (common > longest && common * 2 >= Math.min(slot.tokens.length, prompt.length)) {
        longest = common;
        best = slot;
      }
    }
    return best ?? idle[0];
  }

  /** The slot that worked last, if it holds anything. */
  lastUsed(): Slot | undefined {
    const used = this.all.filter((slot) => slot.tokens.length > 0);
    return used.sort((a, b) => b.lastUsed - a.lastUsed)[0];
  }

  /**
   * Cuts the slot back to what it shares with the prompt and answers how many tokens that is. At least one prompt
   * token stays to be evaluated, because only evaluation gives logits.
   */
  async reuse(slot: Slot, prompt: readonly Token[]): Promise<number> {
    slot.lastUsed = ++this.#clock;
    const common = Math.min(commonPrefix(slot.tokens, prompt), prompt.length - 1);
    if (common === slot.tokens.length) return common;
    if (!this.#recurrent && this.#native.context.removeTokenCellsFromSequence(slot.sequence, common, -1)) {
      slot.tokens.length = common;
      return common;
    }
    return this.#restore(slot, common);
  }

  async #restore(slot: Slot, common: number): Promise<number> {
    const found = slot.checkpoints.findLast((checkpoint) => checkpoint.length <= common);
    for (const {native} of slot.checkpoints.filter((checkpoint) => checkpoint.length > common)) native.dispose();
    slot.checkpoints = slot.checkpoints.filter((checkpoint) => checkpoint.length <= common);
    if (found && (await this.#native.context.restoreCheckpoint(found.native, found.length - 1, slot.sequence))) {
      slot.tokens.length = found.length;
      return found.length;
    }
    this.clear(slot);
    return 0;
  }

  /** Where to stop feeding a prompt of this length for a checkpoint: before its last token, so that it can be redone. */
  checkpointAt(promptLength: number): number | undefined {
    return this.#recurrent && promptLength > 1 ? promptLength - 1 : undefined;
  }

  async takeCheckpoint(slot: Slot): Promise<void> {
    const native = this.#native.createCheckpoint();
    await native.init(this.#native.context, slot.sequence);
    slot.checkpoints.push({length: slot.tokens.length, native});
    if (slot.checkpoints.length > CHECKPOINTS) slot.checkpoints.shift()?.native.dispose();
  }

  /** Forgets everything, also when the state is unknown after a failure. */
  clear(slot: Slot): void {
    for (const {native} of slot.checkpoints) native.dispose();
    slot.checkpoints = [];
    slot.tokens = [];
    this.#native.context.disposeSequence(slot.sequence);
  }
}

export function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) return at;
  return shorter;
}
