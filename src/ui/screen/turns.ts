// One turn after the other: messages wait in a queue, an answer can be stopped, and what it says goes to its view.
import type {ConversationEvent} from '../../engine/conversation/conversation.ts';
import type {Finish} from '../../engine/conversation/last-turn.ts';
import type {Ask} from '../chat/chat-context.ts';
import type {AnswerView} from './answer-view.ts';

/** What happens while a turn runs. */
export interface TurnObserver {
  /** A turn begins: the view that shows it. */
  begin(): AnswerView;
  /** An event went into the view. */
  event(event: ConversationEvent): void;
  /** The turn is over; `error` when it failed, `finish` when it was an answer that ended. */
  end(error: unknown, finish: Finish | undefined): void;
}

/** Runs the turns of a chat, one at a time. */
export class Turns {
  readonly #observer: TurnObserver;
  #controller: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #view: AnswerView | undefined;

  constructor(observer: TurnObserver) {
    this.#observer = observer;
  }

  get busy(): boolean {
    return this.#controller !== undefined;
  }

  /** The view of the answer that is being written. */
  get view(): AnswerView | undefined {
    return this.#view;
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
    const view = this.#observer.begin();
    this.#view = view;
    let failure: unknown;
    let finish: Finish | undefined;
    try {
      for await (const event of ask(controller.signal)) {
        view.take(event);
        if (event.type === 'finish') finish = event;
        this.#observer.event(event);
      }
    } catch (error) {
      failure = error;
    }
    this.#controller = undefined;
    this.#observer.end(failure, finish);
    this.#view = undefined;
  }
}
