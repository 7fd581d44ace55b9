// The tool calls of a remote answer, put together from the pieces a server streams them in.
import {parsePlainJson} from '../../base/plain-json.ts';
import {anything, count, object, optional, text} from '../../base/shape.ts';
import type {GenerationEvent} from '../contract/backend.ts';

export const calledFunction = object({name: text, arguments: anything});

/** One piece: as OpenAI's API has it the index says which call it belongs to; not every server sends one. */
export const wireCall = object({
  index: optional(count),
  id: optional(text),
  function: calledFunction,
});
type WireCall = ReturnType<typeof wireCall>;

interface CallParts {
  readonly index: number | undefined;
  id: string;
  name: string;
  arguments: string;
}

export class ToolCallParts {
  readonly #calls: CallParts[] = [];

  get size(): number {
    return this.#calls.length;
  }

  /** Adds a piece. A name or an id that comes again is the same one, not more of it. */
  add({index, id, function: called}: WireCall): void {
    const name = called?.name || undefined;
    let call = this.#find(index, id || undefined);
    // Some servers give every call the index 0, or send whole calls with neither index nor id.
    if (call === undefined || (name !== undefined && isObject(call.arguments) && isOther(call, index, id, name))) {
      call = {index, id: '', name: '', arguments: ''};
      this.#calls.push(call);
    }
    if (id) call.id = id;
    if (name !== undefined) call.name = name;
    const args = called?.arguments ?? '';
    call.arguments += typeof args === 'string' ? args : JSON.stringify(args);
  }

  /**
   * The calls as they stand at the end of the answer. As with a local model: what was cut in the middle of a call is no
   * call, and what is none is text.
   */
  async *end(isCut: boolean): AsyncGenerator<GenerationEvent> {
    if (this.#calls.length === 0) return;
    // It loads node:crypto, which a fill-in does without.
    const {CallIds} = await import('../contract/call-ids.ts');
    const ids = new CallIds();
    for (const call of this.#calls) {
      const args = call.arguments === '' && !isCut ? '{}' : call.arguments;
      if (isObject(args) && call.name !== '') {
        yield {type: 'tool_call', call: {id: ids.take(call.id || undefined), name: call.name, arguments: args}};
      } else if (!isCut && call.name + call.arguments !== '') {
        yield {type: 'text', text: `${call.name}${call.arguments}`};
      }
    }
  }

  /** By its index, else by its id; a piece with neither goes on with the last call. */
  #find(index: number | undefined, id: string | undefined): CallParts | undefined {
    if (index !== undefined) return this.#calls.findLast((call) => call.index === index);
    if (id !== undefined) return this.#calls.findLast((call) => call.id === id);
    return this.#calls.at(-1);
  }
}

/** Whether a piece that fits a call which is whole already begins another one. */
function isOther(call: CallParts, index: number | undefined, id: string | undefined, name: string): boolean {
  if (index === undefined && !id) return true;
  return id ? id !== call.id && call.id !== '' : name !== call.name;
}

function isObject(json: string): boolean {
  // A piece of a call is no JSON until its last letter: most need no parser to tell.
  if (!json.endsWith('}')) return /\}\s+$/.test(json.slice(-64)) && isObject(json.trimEnd());
  try {
    const value = parsePlainJson(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
