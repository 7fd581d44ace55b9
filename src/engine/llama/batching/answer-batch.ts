// The answers of one context: its slots and the scheduler over them, and the state of a slot on disk.
import type {StateLoad} from '../../contract/backend.ts';
import {type Token, textPrompt} from '../../contract/prompt.ts';
import {type StateKey, writeState} from '../kv-state.ts';
import type {Native} from '../native-context.ts';
import type {Answer} from './answer.ts';
import {Scheduler, type SchedulerOptions} from './scheduler.ts';
import {Slots} from './slots.ts';
import {TokenSampler} from './token-sampler.ts';

export interface AnswerBatchOptions
  extends Pick<SchedulerOptions, 'watch' | 'beforeDecode' | 'onThreads' | 'signs' | 'onEvents' | 'onIdle'> {
  readonly native: Native;
  readonly slots: number;
  /** Its memory is a state that cannot be cut. */
  readonly isRecurrent: boolean;
  /** Tokens one slot holds. */
  readonly contextSize: number;
  readonly batchSize: number;
  readonly threads: number;
  readonly isEnd: (token: Token) => boolean;
}

export class AnswerBatch {
  readonly #options: AnswerBatchOptions;
  readonly #slots: Slots;
  readonly #scheduler: Scheduler;

  constructor(options: AnswerBatchOptions) {
    const {native, slots, isRecurrent, ...rest} = options;
    this.#options = options;
    this.#slots = new Slots(native, slots, isRecurrent);
    this.#scheduler = new Scheduler({
      ...rest,
      native,
      slots: this.#slots,
      createSampler: (answer) => this.#createSampler(answer),
      now: () => performance.now(),
    });
  }

  /** Puts the answer in line. */
  submit(answer: Answer): void {
    this.#scheduler.submit(answer);
  }

  /** An answer's reader has caught up, or wants no more. */
  wake(): void {
    this.#scheduler.wake();
  }

  /** Writes the state of the slot used last. False when there is nothing to save. */
  saveState(path: string, key: StateKey): Promise<boolean> {
    return this.#scheduler.between(async () => {
      const slot = this.#slots.lastUsed();
      if (!slot) return false;
      return writeState(this.#options.native.context, slot.sequence, slot, key, path);
    });
  }

  /** Puts a state that was checked to hold `tokens` into an idle slot. */
  loadState(path: string, tokens: readonly Token[]): Promise<StateLoad> {
    const held = textPrompt(tokens);
    return this.#scheduler.between(async () => {
      const slot = this.#slots.choose(held);
      if (!slot) return 'none';
      this.#slots.clear(slot);
      const {context} = this.#options.native;
      try {
        await context.loadSequenceStateFromFile(path, slot.sequence, this.#options.contextSize);
      } catch {
        this.#slots.clear(slot);
        return 'damaged';
      }
      this.#slots.fill(slot, held);
      return 'loaded';
    });
  }

  /** Fails every answer and waits for the step in progress: afterwards nothing touches the context. */
  close(): Promise<void> {
    return this.#scheduler.close();
  }

  async #createSampler({options, prompt}: Answer): Promise<TokenSampler> {
    const sampler = new TokenSampler(this.#options.native, options, prompt.tokens);
    // A grammar that is none is refused before anything is evaluated.
    await sampler.prepare();
    return sampler;
  }
}
