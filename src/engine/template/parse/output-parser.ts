// Generated ids as text, reasoning and tool calls, while they arrive. Calls are known by their control token alone:
// the words "[TOOL_CALLS]" in an answer are words.
import type {FinishReason, ParsedToolCall, WholeAnswer} from '../../contract/backend.ts';
import {CallIds} from '../../contract/call-ids.ts';
import type {TemplateVersion, Token, Tool} from '../../contract/requests.ts';
import {TEMPLATES, type TemplateRow} from '../../contract/templates.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';
import {answerDecoder} from './answer-decoder.ts';
import {BareCalls} from './bare-calls.ts';
import {ArgsCallBlock, type BlockStep, type CallBlock, JsonCallBlock} from './call-blocks.ts';
import type {WrittenCall} from './call-text.ts';
import {PlainThought, type ThoughtStep} from './plain-thought.ts';

export type OutputEvent =
  | {readonly type: 'text'; readonly text: string}
  | {readonly type: 'reasoning'; readonly text: string}
  | {readonly type: 'tool_call'; readonly call: ParsedToolCall};

export interface OutputOptions {
  /** The ids the model went on from: they tell whether a thought is open and whether the text begins in mid-sentence. */
  readonly prompt?: readonly Token[];
  /** The tools offered: only then can an array without its control token be a call. */
  readonly tools?: readonly Tool[];
  /** Ids for calls that came without a usable one; default: random. */
  readonly newCallId?: () => string;
}

export interface OutputEnd {
  /** What was held back until now. */
  readonly events: readonly OutputEvent[];
  /** `tool_calls` instead of `stop` when there were any. */
  readonly reason: FinishReason;
  /** Text behind the calls; no part of the answer. */
  readonly trailing: string;
  /** A call that was cut off, as far as it came; undefined when none was. */
  readonly incomplete: string | undefined;
  /** A call was understood although it was not written as the template teaches. */
  readonly lenient: boolean;
  /** Something announced as a call was none and came out as text. */
  readonly invalid: boolean;
  /** Words around a list of calls, where only the calls count. */
  readonly dropped: string;
  /** A thought was ended that was never begun: what the whole answer is, of which the events told all as text. */
  readonly whole: WholeAnswer | undefined;
}

/** Reads one generated message. It never throws and loses no text but half a character at its end. */
export class OutputParser {
  private readonly tokenizer: Tokenizer;
  private readonly row: TemplateRow;
  private readonly controls: ReadonlyMap<Token, string>;
  private readonly ids: CallIds;
  private decoder: TokenDecoder;
  private thinking: boolean;
  private block: CallBlock | undefined;
  private bare: BareCalls | undefined;
  private callCount = 0;
  private readonly trailing: string[] = [];
  private incomplete: string | undefined;
  private dropped = '';
  private plain: PlainThought | undefined;
  private hasThought: boolean;
  private wasForced = false;
  /** The text told since the last thought, and what was told before the end of one that never began. */
  private said: string[] = [];
  private unbegun: string | undefined;
  private readonly tools: readonly Tool[];
  private lenient = false;
  private invalid = false;
  private events: OutputEvent[] = [];

  constructor(tokenizer: Tokenizer, version: TemplateVersion, options: OutputOptions = {}) {
    const {prompt = [], tools = []} = options;
    this.tokenizer = tokenizer;
    this.row = TEMPLATES[version];
    this.controls = controlTokens(tokenizer, this.row);
    this.ids = new CallIds(options.newCallId);
    this.thinking = isThoughtOpen(prompt, this.controls, tokenizer);
    this.hasThought = this.thinking;
    this.decoder = answerDecoder(prompt, tokenizer);
    this.tools = tools;
    const last = prompt.at(-1);
    const isBeginning = last === undefined || tokenizer.isControl(last);
    if (this.row.plainThought === 'think-tags' && isBeginning) this.plain = new PlainThought();
    const names = new Set(tools.map((tool) => tool.name));
    if (names.size > 0 && this.row.toolCalls !== 'none') this.bare = new BareCalls(names);
  }

  /** What comes now is a thought. */
  get isThinking(): boolean {
    return this.thinking || this.plain?.isThinking === true;
  }

  /** Takes the next generated id, the end-of-sequence token too; returns what it completes. `forced`: not by the model. */
  push(token: Token, forced = false): readonly OutputEvent[] {
    // Behind a thought that was cut in the middle of a character, which is none.
    if (forced && !this.wasForced) this.decoder = this.tokenizer.decoder();
    this.wasForced = forced;
    if (this.tokenizer.isControl(token)) this.control(token);
    else this.text(this.decoder.push(token));
    return this.take();
  }

  /** `reason`: why generation ended; anything but `stop` may have cut a call. */
  end(reason: FinishReason): OutputEnd {
    const cut = reason !== 'stop';
    // An answer ends at a whole character: what is left in the decoder is a part of one.
    this.closePlain();
    this.closeBlock(cut);
    this.closeBare();
    return {
      events: this.take(),
      reason: reason === 'stop' && this.callCount > 0 ? 'tool_calls' : reason,
      trailing: this.trailing.join('').trim(),
      incomplete: this.incomplete,
      lenient: this.lenient,
      invalid: this.invalid,
      dropped: this.dropped,
      whole: this.unbegun ? {reasoning: this.unbegun, content: this.said.join('')} : undefined,
    };
  }

  private take(): readonly OutputEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  private control(token: Token): void {
    const marker = this.controls.get(token);
    if ((this.thinking && marker !== '[/THINK]') || this.plain?.isThinking) {
      this.text(this.decoder.end());
      this.decoder = this.tokenizer.decoder();
      const isThought = token !== this.tokenizer.eos && (marker !== '[THINK]' || !this.thinking);
      if (isThought) this.text(this.tokenizer.piece(token));
      return;
    }
    if (marker === undefined) return;
    this.text(this.decoder.end());
    this.decoder = this.tokenizer.decoder();
    if (marker === '[ARGS]' || marker === '[CALL_ID]') {
      if (this.block) this.step(this.block.control(marker));
      return;
    }
    this.closePlain();
    this.closeBlock(false);
    this.closeBare();
    if (marker === '[/THINK]' && !this.hasThought) this.endUnbegun();
    this.thinking = marker === '[THINK]';
    this.hasThought ||= this.thinking;
    if (marker === '[TOOL_CALLS]') {
      this.block = isJsonCalls(this.row) ? new JsonCallBlock(true) : new ArgsCallBlock(this.tools);
    }
  }

  /** What was told so far was a thought, of which the model left out the beginning. */
  private endUnbegun(): void {
    this.hasThought = true;
    if (this.callCount > 0) return;
    this.unbegun = this.said.join('');
    this.said = [];
  }

  private text(text: string): void {
    if (text === '') return;
    if (this.thinking) this.events.push({type: 'reasoning', text});
    else if (this.plain) this.plainStep(this.plain.push(text));
    else this.spoken(text);
  }

  private plainStep({reasoning, content}: ThoughtStep): void {
    if (reasoning !== '') this.events.push({type: 'reasoning', text: reasoning});
    if (content !== '') this.spoken(content);
  }

  private closePlain(): void {
    if (this.plain) this.plainStep(this.plain.end());
    this.plain = undefined;
  }

  private spoken(text: string): void {
    if (this.block) this.step(this.block.push(text));
    else if (this.bare) this.bareStep(this.bare.push(text));
    else this.answer(text);
  }

  /** Text of the answer; behind a call there is no answer any more. */
  private answer(text: string): void {
    if (text === '') return;
    if (this.callCount > 0) this.trailing.push(text);
    else {
      this.events.push({type: 'text', text});
      this.said.push(text);
    }
  }

  private step(step: BlockStep): void {
    for (const call of step.calls) this.call(call);
    if (step.loose !== '') {
      this.invalid = true;
      this.answer(step.loose);
    }
    this.trailing.push(step.trailing);
  }

  private call(written: WrittenCall): void {
    const {problem, lenient = false, name} = written;
    this.lenient ||= lenient;
    this.callCount += 1;
    const call = {id: this.ids.take(written.id), name, arguments: written.arguments};
    this.events.push({type: 'tool_call', call: problem === undefined ? call : {...call, problem}});
  }

  private closeBlock(cut: boolean): void {
    const end = this.block?.end(cut);
    this.block = undefined;
    if (!end) return;
    this.step(end);
    this.incomplete = end.incomplete;
    this.dropped += end.dropped ?? '';
  }

  private bareStep(step: BlockStep | undefined): void {
    if (step === undefined) return;
    this.bare = undefined;
    if (step.calls.length > 0) this.lenient = true;
    for (const call of step.calls) this.call(call);
    this.answer(step.loose);
    this.trailing.push(step.trailing);
  }

  private closeBare(): void {
    this.bareStep(this.bare?.end());
    this.bare = undefined;
  }
}

function isJsonCalls(row: TemplateRow): boolean {
  return row.toolCalls === 'json' || row.toolCalls === 'json-id';
}

/** The control tokens that mean something in an output of this version. */
function controlTokens(tokenizer: Tokenizer, row: TemplateRow): ReadonlyMap<Token, string> {
  const calls = row.toolCalls === 'none' ? [] : ['[TOOL_CALLS]', '[CALL_ID]', '[ARGS]'];
  const entries = [...calls, '[THINK]', '[/THINK]'].map((text) => [tokenizer.controlId(text), text] as const);
  return new Map(entries.flatMap(([id, text]) => (id === undefined ? [] : [[id, text] as const])));
}

/** Whether the prompt's last message leaves a thought open. */
function isThoughtOpen(prompt: readonly Token[], controls: ReadonlyMap<Token, string>, tokenizer: Tokenizer): boolean {
  const last = prompt.findLast((token) => tokenizer.isControl(token));
  return last !== undefined && controls.get(last) === '[THINK]';
}
