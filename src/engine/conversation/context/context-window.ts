// Keeps a chat within its context: asks the model with the part of it that fits, and says what no longer does.
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import type {Backend, GenerationEvent} from '../../contract/backend.ts';
import {type ChatCompletionRequest, contentText, type Message, type ToolMessage} from '../../contract/requests.ts';
import type {ContextEvent, ContextPolicy} from './context-policy.ts';
import {isSummaryDue, leastThat, promptRoom, systemLength, turnStarts, turnsToDrop} from './cut-turns.ts';
import {type PromptLength, promptLength} from './prompt-length.ts';
import {shortenResult} from './shorten-result.ts';
import {askForSummary, forSummary, summaryLimit, summaryRequest} from './summary.ts';
import {type Window, windowed, windowStart} from './window.ts';

/** The request that tells these messages. */
type Ask = (messages: readonly Message[]) => ChatCompletionRequest;

/** What a summary stands for. */
export interface Compacted {
  /** Turns that are no longer told word for word. */
  readonly turns: number;
  /** Those of them that did not fit the request for the summary, and are not in it. */
  readonly missing: number;
  /** Of the summary. */
  readonly tokens: number;
}

/** How often one answer is asked for again when a server finds the prompt too long. */
const TRIES = 4;

export class ContextWindow {
  readonly #backend: Backend;
  readonly #policy: () => ContextPolicy;
  readonly #length: PromptLength;
  /** Each goes on from the one before it. */
  #windows: Window[] = [];
  /** Results of tools that did not fit, as they are told. */
  readonly #shortened = new WeakMap<Message, ToolMessage>();
  /** What a server refused, less one: tokens. */
  #learned = Number.POSITIVE_INFINITY;
  #summariesFail = false;

  constructor(backend: Backend, policy: () => ContextPolicy) {
    this.#backend = backend;
    this.#policy = policy;
    this.#length = promptLength(backend);
  }

  /** Undefined: the model is told all. */
  get window(): Window | undefined {
    return this.#windows.at(-1);
  }

  /** Begins with this window. */
  reset(window: Window | undefined): void {
    this.#windows = window === undefined ? [] : [window];
  }

  /** All windows so far, to go back to. */
  get mark(): readonly Window[] {
    return this.#windows;
  }

  set mark(windows: readonly Window[]) {
    this.#windows = [...windows];
  }

  /** The chat became shorter: a window that begins behind its end is not its own. */
  retreat(messages: readonly Message[]): void {
    this.#windows = this.#windows.filter((window) => windowStart(messages, window) < messages.length);
  }

  /** The messages as the model is told them. */
  told(messages: readonly Message[], window = this.window): Message[] {
    return windowed(messages, window).map((message) => this.#shortened.get(message) ?? message);
  }

  /**
   * The answer to the messages, with what the policy makes of them. What was left out for a request that failed is told again.
   * @throws what the backend throws.
   */
  async *answer(
    messages: readonly Message[],
    ask: Ask,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent | ContextEvent> {
    if (this.#policy() === 'stop') {
      yield* this.#backend.chat(ask(this.told(messages)), signal);
      return;
    }
    if (this.#policy() === 'summarise') yield* this.#sumUpInTime(messages, ask, signal);
    const before = this.#windows;
    for (let left = TRIES; ; left -= 1) {
      const cut = await this.#fit(messages, ask, before);
      const request = ask(this.told(messages));
      try {
        yield* this.#tell(cut, request, signal);
        return;
      } catch (error) {
        const canCut = left > 1 && (await this.#learnFrom(error, messages, request));
        if (canCut) continue;
        if (!(error instanceof Refused)) throw error;
        this.#windows = before;
        throw error.reason;
      }
    }
  }

  /**
   * Has the model sum up the chat, and tells it the summary and the last turn from then on. The events are those of the summary.
   * Undefined when it was stopped; then, and when it fails, nothing has changed.
   * @throws EngineError `usage` when there is nothing to sum up; what the backend throws.
   */
  async *compact(
    messages: readonly Message[],
    ask: Ask,
    keep: string,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent, Compacted | undefined> {
    const starts = turnStarts(messages, windowStart(messages, this.window));
    if (starts.length < 2) {
      throw new EngineError('usage', 'there is nothing to sum up yet', {hint: 'It takes two turns.'});
    }
    const {contextSize} = this.#backend.model;
    const request = summaryRequest(keep);
    const maxTokens = summaryLimit(contextSize);
    const asked = (turns: number) =>
      forSummary(ask([...this.told(messages.slice(0, starts[turns] ?? messages.length)), request]), maxTokens);
    const room = Math.min((contextSize ?? Number.POSITIVE_INFINITY) - 1 - maxTokens, this.#learned);
    const left = await leastThat(0, starts.length - 1, async (without) => {
      return (await this.#length.of(asked(starts.length - without))) <= room;
    });
    const turns = starts.length - (left ?? starts.length - 1);
    const summary = yield* askForSummary(this.#backend, asked(turns), signal);
    if (summary === undefined) return undefined;
    const last = starts.at(-1) ?? 0;
    this.#windows = [
      ...this.#windows,
      {left: last - systemLength(messages), summary: [request, {role: 'assistant', content: summary.text}]},
    ];
    this.#summariesFail = false;
    const gone = starts.length - 1;
    return {turns: gone, missing: Math.max(0, gone - turns), tokens: summary.tokens};
  }

  /** Takes the last window back. */
  stepBack(): void {
    this.#windows = this.#windows.slice(0, -1);
  }

  /** Sums up what is before the message that is to be answered, when it fills the room. */
  async *#sumUpInTime(messages: readonly Message[], ask: Ask, signal: AbortSignal): AsyncGenerator<ContextEvent> {
    const history = messages.slice(0, -1);
    const room = this.#room(ask);
    if (this.#summariesFail || room === undefined || messages.at(-1)?.role !== 'user') return;
    if (turnStarts(history, windowStart(history, this.window)).length < 2) return;
    if (!isSummaryDue(await this.#length.of(ask(this.told(messages))), room)) return;
    const isFurther = this.window !== undefined;
    const told = {type: 'context', policy: 'summarise', isFurther, shortened: []} as const;
    const before = windowStart(messages, this.window);
    try {
      const summary = await resultOf(this.compact(history, ask, '', signal));
      if (summary === undefined) return;
      const {turns, missing, tokens} = summary;
      const droppedMessages = missing === 0 ? 0 : countOf(history, before, turns - missing, turns);
      yield {...told, droppedTurns: missing, droppedMessages, summary: {turns: turns - missing, tokens}};
    } catch (error) {
      this.#summariesFail = true;
      yield {...told, droppedTurns: 0, droppedMessages: 0, summaryProblem: reasonOf(error)};
    }
  }

  /** Leaves out what does not fit, and says what that is beyond what `before` left out. */
  async #fit(messages: readonly Message[], ask: Ask, before: readonly Window[]): Promise<ContextEvent | undefined> {
    const room = this.#room(ask);
    if (room === undefined) return undefined;
    const shortened = await this.#cut(messages, ask, room);
    const from = windowStart(messages, before.at(-1));
    const to = windowStart(messages, this.window);
    if (from === to && shortened.length === 0) return undefined;
    const droppedTurns = turnStarts(messages.slice(0, to), from).length;
    const isFurther = before.at(-1) !== undefined;
    return {type: 'context', policy: 'trim', droppedTurns, droppedMessages: to - from, isFurther, shortened};
  }

  async #cut(messages: readonly Message[], ask: Ask, room: number): Promise<ContextEvent['shortened']> {
    const {window} = this;
    const system = systemLength(messages);
    const starts = turnStarts(messages, windowStart(messages, window));
    const without = (dropped: number): Window | undefined =>
      dropped === 0 ? window : {...window, left: (starts[dropped] ?? messages.length) - system};
    const lengthOf = async (told: Window | undefined) => await this.#length.of(ask(this.told(messages, told)));
    const dropped = await turnsToDrop(starts.length, room, (turns) => lengthOf(without(turns)));
    let cut = without(dropped);
    if (dropped === starts.length - 1 && (await lengthOf(cut)) > room) {
      // The turn that goes on is more than a summary of what was before it.
      if (cut?.summary !== undefined) cut = {left: cut.left};
      const shortened = await this.#shortenResults(messages.slice(starts.at(-1)), room, () => lengthOf(cut));
      this.#take(cut);
      return shortened;
    }
    this.#take(cut);
    return [];
  }

  #take(window: Window | undefined): void {
    if (window !== undefined && window !== this.window) this.#windows = [...this.#windows, window];
  }

  /** Shortens the longest results of the turn until it fits, or nothing is left to shorten. */
  async #shortenResults(
    turn: readonly Message[],
    room: number,
    length: () => Promise<number>,
  ): Promise<ContextEvent['shortened']> {
    const shortened: {tool: string; characters: number}[] = [];
    const results = turn.filter((message) => message.role === 'tool').sort((a, b) => size(b) - size(a));
    for (const result of results) {
      if ((await length()) <= room) break;
      const known = size(this.#shortened.get(result) ?? result);
      const set = (characters: number) => {
        const {message, leftOut} = shortenResult(result, characters);
        this.#shortened.set(result, message);
        return leftOut;
      };
      const gone = await leastThat(1, known, async (characters) => {
        set(known - characters);
        return (await length()) <= room;
      });
      shortened.push({tool: result.name ?? 'a tool', characters: set(known - (gone ?? known))});
    }
    return shortened;
  }

  /** Tokens a prompt may have; undefined where nobody knows. */
  #room(ask: Ask): number | undefined {
    const {contextSize} = this.#backend.model;
    const room =
      contextSize === undefined ? Number.POSITIVE_INFINITY : promptRoom(contextSize, ask([]).sampling.maxTokens);
    const known = Math.min(room, this.#learned);
    return known === Number.POSITIVE_INFINITY ? undefined : known;
  }

  /** The events of the answer, behind what was cut for it. @throws Refused before the first of them. */
  async *#tell(
    cut: ContextEvent | undefined,
    request: ChatCompletionRequest,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent | ContextEvent> {
    /** What a request says that is refused is not told: a shorter one may come. */
    let held: (GenerationEvent | ContextEvent)[] | undefined = cut === undefined ? [] : [cut];
    try {
      for await (const event of this.#backend.chat(request, signal)) {
        if (event.type === 'finish') this.#length.learn(request, event.usage.promptTokens);
        if (held !== undefined && event.type === 'prompt') held.push(event);
        else {
          yield* held ?? [];
          held = undefined;
          yield event;
        }
      }
    } catch (error) {
      throw held === undefined ? error : new Refused(error);
    }
  }

  /** Whether the failure is of the prompt's length, and something is left to leave out. */
  async #learnFrom(error: unknown, messages: readonly Message[], request: ChatCompletionRequest): Promise<boolean> {
    if (!(error instanceof Refused) || !(error.reason instanceof EngineError)) return false;
    if (error.reason.code !== 'context_length_exceeded') return false;
    const turns = turnStarts(messages, windowStart(messages, this.window)).length;
    if (turns < 2) return false;
    this.#learned = Math.min(this.#learned, (await this.#length.of(request)) - 1);
    return true;
  }
}

/** The backend failed before it said anything. */
class Refused {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

const size = ({content}: Message): number => contentText(content).length;

/** Messages of the turns `from` to `to`, counted from the one that begins at `first`. */
function countOf(messages: readonly Message[], first: number, from: number, to: number): number {
  const starts = turnStarts(messages, first);
  return (starts[to] ?? messages.length) - (starts[from] ?? messages.length);
}

async function resultOf<R>(events: AsyncGenerator<unknown, R>): Promise<R> {
  for (;;) {
    const {value, done} = await events.next();
    if (done === true) return value;
  }
}
