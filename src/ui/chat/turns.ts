// One turn of the model at a time, which can be stopped at any moment.
import type {ConversationEvent} from '../../engine/conversation/conversation.ts';
import type {Finish} from '../../engine/conversation/last-turn.ts';
import type {Ask} from './chat-context.ts';

/** What happens while a turn runs. */
export interface TurnObserver {
  begin(): void;
  event(event: ConversationEvent): void;
  /** The turn is over; `error` when it failed, `finish` when it was an answer that ended. */
  end(error: unknown, finish: Finish | undefined): void;
}

/** Runs the turns of a chat, one at a time. */
export class Turns {
  readonly #observer: TurnObserver;
  #controller: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(observer: TurnObserver) {
    this.#observer = observer;
  }

  get busy(): boolean {
    return this.#controller !== undefined;
  }

  /** Asks the running answer to stop; true when there was one. */
  stop(): boolean {
    this.#controller?.abort();
    return this.busy;
  }

  /** Resolves when no turn runs. */
  settled(): Promise<void> {
    return this.#running;
  }

  /** Runs a turn to its end. It never throws: failures go to the observer. */
  run(ask: Ask): Promise<void> {
    this.#running = this.#run(ask);
    return this.#running;
  }

  async #run(ask: Ask): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    this.#observer.begin();
    let failure: unknown;
    let finish: Finish | undefined;
    try {
      for await (const event of ask(controller.signal)) {
        if (event.type === 'finish') finish = event;
        this.#observer.event(event);
      }
    } catch (error) {
      failure = error;
    }
    this.#controller = undefined;
    this.#observer.end(failure, finish);
  }
}
