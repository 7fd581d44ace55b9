// The text of which one row was shown last: a paste, a thought, or the result of a tool. /expand prints all of it.
import type {ConversationEvent} from '../../engine/conversation/conversation.ts';

export class CollapsedText {
  #text = '';
  #thought = '';

  /** Empty when there was none yet. */
  get text(): string {
    return this.#text;
  }

  put(text: string): void {
    this.#text = text;
  }

  /** An event of an answer: a thought is over with the next event of another kind. */
  take(event: ConversationEvent): void {
    if (event.type === 'reasoning') {
      this.#thought += event.text;
      return;
    }
    this.endThought();
    if (event.type === 'tool_result') this.put(event.content);
  }

  /** Ends a thought that no event ended: the answer failed. */
  endThought(): void {
    if (this.#thought === '') return;
    this.put(this.#thought);
    this.#thought = '';
  }
}
