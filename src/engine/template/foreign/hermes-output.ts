// Reads an answer of a model with a foreign template: text, and calls as `<tool_call>` JSON `</tool_call>`.
import type {FinishReason, ParsedToolCall} from '../../contract/backend.ts';
import {CallIds} from '../../contract/call-ids.ts';
import type {Token} from '../../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';
import {callFromObject} from '../parse/call-text.ts';
import type {OutputEnd, OutputEvent} from '../parse/output-parser.ts';
import {HERMES} from './tool-form.ts';

export interface HermesOptions {
  readonly prompt: readonly Token[];
  /** Tokens that end the answer: they say nothing. */
  readonly ends: ReadonlySet<Token>;
  /** Whether calls are looked for. */
  readonly readsCalls: boolean;
  readonly newCallId?: () => string;
}

export class HermesOutput {
  readonly #tokenizer: Tokenizer;
  readonly #decoder: TokenDecoder;
  readonly #ends: ReadonlySet<Token>;
  readonly #readsCalls: boolean;
  readonly #ids: CallIds;
  /** Text that may still become a call, or the call so far. */
  #held = '';
  #inCall = false;
  #calls = 0;

  constructor(tokenizer: Tokenizer, {prompt, ends, readsCalls, newCallId}: HermesOptions) {
    this.#tokenizer = tokenizer;
    this.#decoder = tokenizer.decoder();
    this.#ends = ends;
    this.#readsCalls = readsCalls;
    this.#ids = new CallIds(newCallId);
    const last = prompt.at(-1);
    if (last !== undefined && !tokenizer.isControl(last)) this.#decoder.push(last);
  }

  push(token: Token): readonly OutputEvent[] {
    if (this.#ends.has(token)) return [];
    return this.#take(this.#decoder.push(token) + this.#tag(token));
  }

  end(reason: FinishReason): Pick<OutputEnd, 'events' | 'reason' | 'whole' | 'incomplete'> {
    const incomplete = this.#inCall && reason !== 'stop' ? this.#held : undefined;
    const events = [...this.#take(this.#decoder.end()), ...this.#close(reason === 'stop')];
    const called = reason === 'stop' && this.#calls > 0;
    return {events, reason: called ? 'tool_calls' : reason, whole: undefined, incomplete};
  }

  /** A vocabulary may have the tags as control tokens, which have no text of their own. */
  #tag(token: Token): string {
    if (!this.#readsCalls || !this.#tokenizer.isControl(token)) return '';
    const name = this.#tokenizer.piece(token);
    return name === HERMES.open || name === HERMES.close ? name : '';
  }

  #take(text: string): readonly OutputEvent[] {
    if (!this.#readsCalls) return said(text);
    this.#held += text;
    const events: OutputEvent[] = [];
    for (let goesOn = true; goesOn; ) {
      const tag = this.#inCall ? HERMES.close : HERMES.open;
      const at = this.#held.indexOf(tag);
      goesOn = at >= 0;
      if (goesOn) events.push(...this.#passTag(at, tag));
    }
    if (this.#inCall) return events;
    const kept = heldLength(this.#held);
    events.push(...said(this.#held.slice(0, this.#held.length - kept)));
    this.#held = this.#held.slice(this.#held.length - kept);
    return events;
  }

  #passTag(at: number, tag: string): readonly OutputEvent[] {
    const before = this.#held.slice(0, at);
    this.#held = this.#held.slice(at + tag.length);
    this.#inCall = !this.#inCall;
    return this.#inCall ? said(before.trimEnd()) : this.#call(before, tag);
  }

  /** A call, or the words that were none. */
  #call(written: string, close: string): readonly OutputEvent[] {
    const found = callFromObject(written.trim());
    if (found === undefined) return said(HERMES.open + written + close);
    this.#calls++;
    const {name, arguments: args, problem, id} = found;
    const call: ParsedToolCall = {
      id: this.#ids.take(id),
      name,
      arguments: args,
      ...(problem !== undefined && {problem}),
    };
    return [{type: 'tool_call', call}];
  }

  /** A model may end its answer without the last tag; of a call that was cut off nothing is made up. */
  #close(isWhole: boolean): readonly OutputEvent[] {
    const rest = this.#held;
    this.#held = '';
    if (!this.#inCall) return this.#calls > 0 && rest.trim() === '' ? [] : said(rest);
    this.#inCall = false;
    return isWhole ? this.#call(rest, '') : [];
  }
}

const said = (text: string): readonly OutputEvent[] => (text === '' ? [] : [{type: 'text', text}]);

/** How much at the end may still be white space before a tag, or the beginning of one. */
function heldLength(text: string): number {
  for (let length = HERMES.open.length - 1; length > 0; length--) {
    if (!text.endsWith(HERMES.open.slice(0, length))) continue;
    return text.length - text.slice(0, -length).trimEnd().length;
  }
  return text.length - text.trimEnd().length;
}
