// Builds a conversation from the pieces that dialects have apart: thoughts, text and calls of one answer become one message.
import type {ContentChunk, Message, ToolCall} from '../../engine/contract/requests.ts';

interface OpenAnswer {
  readonly role: 'assistant';
  content: ContentChunk[];
  toolCalls: ToolCall[];
}

export class HistoryBuilder {
  readonly #separator: string;
  readonly #messages: (Exclude<Message, {role: 'assistant'}> | OpenAnswer)[] = [];

  /** `separator` stands between texts of one answer. */
  constructor(separator: string) {
    this.#separator = separator;
  }

  add(message: Exclude<Message, {role: 'assistant'}>): void {
    this.#messages.push(message);
  }

  /** Begins a new answer, also an empty one. */
  startAnswer(): void {
    this.#messages.push({role: 'assistant', content: [], toolCalls: []});
  }

  /** Text, thought and calls join the answer before them, so that a result still follows its call. */
  text(text: string): void {
    const {content} = this.#answer();
    const last = content.at(-1);
    if (last?.type !== 'text') content.push({type: 'text', text});
    else content[content.length - 1] = {type: 'text', text: last.text + this.#separator + text};
  }

  thought(thinking: string): void {
    this.#answer().content.push({type: 'thinking', thinking, closed: true});
  }

  call(call: ToolCall): void {
    this.#answer().toolCalls.push(call);
  }

  #answer(): OpenAnswer {
    if (this.#messages.at(-1)?.role !== 'assistant') this.startAnswer();
    return this.#messages.at(-1) as OpenAnswer;
  }

  messages(): readonly Message[] {
    return this.#messages.map((message) => {
      if (message.role !== 'assistant') return message;
      const {toolCalls} = message;
      const content = message.content.filter((chunk) => chunk.type !== 'text' || chunk.text !== '');
      // Texts in a row have been joined, so that a text alone is one chunk.
      const [first] = content;
      const isText = content.length <= 1 && first?.type !== 'thinking';
      return {
        role: 'assistant',
        content: isText ? (first?.type === 'text' ? first.text : '') : content,
        ...(toolCalls.length > 0 && {toolCalls}),
      };
    });
  }
}
