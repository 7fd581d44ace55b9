// An answer whose reader is in another thread: its events are gathered, and posted once a step.
import type {GenerateOptions, TokenEvent} from '../../contract/backend.ts';
import type {Prompt} from '../../contract/prompt.ts';
import {Answer} from '../batching/answer.ts';
import {WORK_AHEAD} from '../batching/event-queue.ts';
import {GuideListener, type GuideWord} from './guide-messages.ts';
import {type AnswerNews, failureOf} from './messages.ts';
import type {AnswerFlags} from './shared-flags.ts';

export class PostedAnswer extends Answer {
  readonly id: number;
  readonly #flags: AnswerFlags;
  readonly #guide: GuideListener | undefined;
  readonly #post: (id: number, news: AnswerNews) => void;
  #sent = 0;
  #isEnded = false;

  constructor(
    id: number,
    flags: AnswerFlags,
    request: {
      readonly prompt: Prompt;
      readonly options: Omit<GenerateOptions, 'guide'>;
      readonly guide: GuideWord | undefined;
    },
    post: (id: number, news: AnswerNews) => void,
  ) {
    const guide = request.guide && new GuideListener(request.guide);
    super(request.prompt, guide ? {...request.options, guide} : request.options);
    this.#guide = guide;
    this.id = id;
    this.#flags = flags;
    this.#post = post;
  }

  get over(): boolean {
    return this.#isEnded || this.#flags.isCancelled;
  }

  get ready(): boolean {
    const isGuided = this.#guide?.isKnown ?? true;
    return !this.over && isGuided && this.#sent - this.#flags.read < WORK_AHEAD;
  }

  /** What its guide says of the next id. */
  hear(word: GuideWord): void {
    this.#guide?.hear(word);
  }

  push(event: TokenEvent): void {
    if (this.over) return;
    this.#sent++;
    this.#post(this.id, event);
  }

  end(): void {
    if (!this.over) this.#post(this.id, {type: 'end'});
    this.#isEnded = true;
  }

  fail(failure: unknown): void {
    if (!this.over) this.#post(this.id, {type: 'failed', failure: failureOf(failure)});
    this.#isEnded = true;
  }
}
