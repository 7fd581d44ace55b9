// An answer that is an array of calls without its control token: some models forget the token.
import {type BlockStep, JsonCallBlock} from './call-blocks.ts';
import type {WrittenCall} from './call-text.ts';

const FIRST_KEY = /^\s*\[\s*\{\s*"(?:name|arguments|parameters|id)"/;
const MAY_BECOME_FIRST_KEY = /^\s*(?:\[\s*(?:\{\s*(?:"[a-z]{0,10})?)?)?$/;
const LONGEST_HEAD = 256;

/** Holds the beginning of an answer back while it may be an array of calls of known functions. */
export class BareCalls {
  private readonly names: ReadonlySet<string>;
  private readonly block = new JsonCallBlock();
  private readonly held: string[] = [];
  private readonly calls: WrittenCall[] = [];
  private head = '';
  private isLikely = false;

  constructor(names: ReadonlySet<string>) {
    this.names = names;
  }

  /** The calls, or the held text once it can be none; undefined while that is open. */
  push(text: string): BlockStep | undefined {
    this.held.push(text);
    if (!this.isLikely) {
      this.head += text;
      this.isLikely = FIRST_KEY.test(this.head);
      if (!this.isLikely && (this.head.length > LONGEST_HEAD || !MAY_BECOME_FIRST_KEY.test(this.head)))
        return this.end();
    }
    const step = this.block.push(text);
    if (step.loose !== '' || step.calls.some((call) => !this.names.has(call.name))) return this.end();
    this.calls.push(...step.calls);
    return this.block.isClosed ? {calls: this.calls, loose: '', trailing: step.trailing} : undefined;
  }

  /** The held text: it was no complete array of calls. */
  end(): BlockStep {
    return {calls: [], loose: this.held.join(''), trailing: ''};
  }
}
