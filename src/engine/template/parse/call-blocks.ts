// What follows a [TOOL_CALLS] token, read piece by piece: a JSON array of calls, or one name with its arguments.
import type {Tool} from '../../contract/requests.ts';
import {
  argumentsFromText,
  callFromObject,
  isWrittenName,
  keptId,
  nameAlone,
  ValueScanner,
  type WrittenCall,
} from './call-text.ts';

export interface BlockStep {
  readonly calls: readonly WrittenCall[];
  /** Text that turned out to be no call. */
  readonly loose: string;
  /** Text behind a complete call. */
  readonly trailing: string;
}

export interface BlockEnd extends BlockStep {
  /** The beginning of a call that was cut off; undefined when none was. */
  readonly incomplete?: string;
  /** Words around a list of calls that is not at the beginning. */
  readonly dropped?: string;
}

export interface CallBlock {
  push(text: string): BlockStep;
  control(marker: '[ARGS]' | '[CALL_ID]'): BlockStep;
  /** `cut`: the output was ended from outside, so that the last call may be unfinished. */
  end(cut: boolean): BlockEnd;
}

const NOTHING: BlockStep = {calls: [], loose: '', trailing: ''};

/** Places in a text that are tried as the beginning of a list of calls. */
const MOST_LISTS = 64;

/**
 * v2 to v7: `[{"name": ..., "arguments": {...}}, ...]`; a single object without brackets is understood too, and with
 * `mayHaveWords` a list behind words.
 */
export class JsonCallBlock implements CallBlock {
  private readonly mayHaveWords: boolean;
  private phase: 'start' | 'between' | 'object' | 'closed' | 'broken' | 'words' = 'start';
  private isArray = false;
  private count = 0;
  private scanner = new ValueScanner();
  private object: string[] = [];
  /** What was read since the last complete call: it comes out as text if no call follows. */
  private unclaimed: string[] = [];

  constructor(mayHaveWords = false) {
    this.mayHaveWords = mayHaveWords;
  }

  get isClosed(): boolean {
    return this.phase === 'closed';
  }

  push(text: string): BlockStep {
    const calls: WrittenCall[] = [];
    let index = 0;
    while (index < text.length && !['closed', 'broken', 'words'].includes(this.phase)) {
      index = this.phase === 'object' ? this.readObject(text, index, calls) : this.readPunctuation(text, index);
    }
    const rest = text.slice(index);
    if (this.phase === 'words') {
      this.unclaimed.push(rest);
      return NOTHING;
    }
    if (this.phase === 'broken') return {calls, loose: this.release() + rest, trailing: ''};
    return {calls, loose: '', trailing: rest};
  }

  control(): BlockStep {
    return NOTHING;
  }

  end(cut: boolean): BlockEnd {
    const isComplete = this.phase === 'closed' || (this.phase === 'between' && this.count > 0);
    if (isComplete || this.phase === 'broken') return NOTHING;
    const rest = this.release();
    const words = this.mayHaveWords && this.count === 0 ? callsAmongWords(rest) : undefined;
    if (words) return words;
    if (cut && (this.phase !== 'words' || LIST.test(rest))) return {...NOTHING, incomplete: rest};
    // The one space that models write behind the token is none of the text.
    return {...NOTHING, loose: this.mayHaveWords && rest.startsWith(' ') ? rest.slice(1) : rest};
  }

  /** The text read so far holds no call at the place where one must stand. */
  private break(): void {
    this.phase = this.mayHaveWords && this.count === 0 ? 'words' : 'broken';
  }

  private release(): string {
    const text = this.unclaimed.join('');
    this.unclaimed = [];
    return text;
  }

  private readPunctuation(text: string, index: number): number {
    const char = text[index] ?? '';
    if (char === '{') {
      this.phase = 'object';
      return index;
    }
    if (char === '[' && this.phase === 'start') {
      this.phase = 'between';
      this.isArray = true;
    } else if (char === ']' && this.phase === 'between' && this.count > 0) {
      this.phase = 'closed';
    } else if (char.trim() !== '' && (char !== ',' || this.phase === 'start')) {
      this.break();
      return index;
    }
    this.unclaimed.push(char);
    return index + 1;
  }

  private readObject(text: string, index: number, calls: WrittenCall[]): number {
    const end = this.scanner.advance(text, index);
    const part = text.slice(index, end);
    this.object.push(part);
    this.unclaimed.push(part);
    if (end === undefined) return text.length;
    const call = callFromObject(this.object.join(''));
    this.object = [];
    this.scanner = new ValueScanner();
    if (call === undefined) {
      this.break();
      return end;
    }
    calls.push(this.isArray ? call : {...call, lenient: true});
    this.count += 1;
    this.unclaimed = [];
    this.phase = this.isArray ? 'between' : 'closed';
    return end;
  }
}

/** The beginning of a list of objects, as far as it came. */
const LIST = /\[\s*(?:\{|$)/;

/** The first list in a text of which every item is a call; what stands around it is dropped. */
function callsAmongWords(text: string): BlockEnd | undefined {
  const places = text.matchAll(new RegExp(LIST, 'g'));
  let tried = 0;
  for (const {index} of places) {
    if (++tried > MOST_LISTS) return undefined;
    const block = new JsonCallBlock();
    const {calls, trailing} = block.push(text.slice(index));
    if (block.isClosed) return {...asLenient({...NOTHING, calls}), dropped: text.slice(0, index) + trailing};
  }
  return undefined;
}

/** v11 on: name, perhaps [CALL_ID] and an id, [ARGS], one JSON object. The array form is understood too. */
export class ArgsCallBlock implements CallBlock {
  private phase: 'name' | 'id' | 'args' | 'damaged' | 'done' | 'broken' | JsonCallBlock = 'name';
  private name = '';
  private id = '';
  private args: string[] = [];
  private hasValue = false;
  private lenient = false;
  private readonly scanner = new ValueScanner();
  private readonly tools: readonly Tool[];

  /** `tools`: those offered; a name of theirs is a call even when nothing follows it. */
  constructor(tools: readonly Tool[] = []) {
    this.tools = tools;
  }

  push(text: string): BlockStep {
    if (this.phase instanceof JsonCallBlock) return asLenient(this.phase.push(text));
    switch (this.phase) {
      case 'name':
      case 'id':
        return this.readHead(text);
      case 'args':
        return this.readArguments(text);
      case 'damaged':
        this.args.push(text);
        return NOTHING;
      case 'done':
        return {...NOTHING, trailing: text};
      case 'broken':
        return {...NOTHING, loose: text};
    }
  }

  control(marker: '[ARGS]' | '[CALL_ID]'): BlockStep {
    if (this.phase !== 'name' && this.phase !== 'id') return NOTHING;
    if (!isWrittenName(this.name.trim())) return this.break();
    this.phase = marker === '[ARGS]' ? 'args' : 'id';
    return NOTHING;
  }

  end(cut: boolean): BlockEnd {
    if (this.phase instanceof JsonCallBlock) return this.phase.end(cut);
    if (this.phase === 'done' || this.phase === 'broken') return NOTHING;
    const args = this.args.join('');
    if (cut) return {...NOTHING, incomplete: this.name + this.id + args};
    const tool = this.tools.find(({name}) => name === this.name.trim());
    if (tool !== undefined && args.trim() === '') return {...NOTHING, calls: [nameAlone(tool, this.id.trim())]};
    if (this.phase === 'name' || this.phase === 'id') return this.break();
    return {...NOTHING, calls: [this.call(args)]};
  }

  private readHead(text: string): BlockStep {
    const first = (this.name + text).trimStart()[0];
    if (this.phase === 'name' && this.name.trim() === '' && (first === '[' || first === '{')) {
      this.phase = new JsonCallBlock();
      return asLenient(this.phase.push(this.name + text));
    }
    const brace = text.indexOf('{');
    const head = brace < 0 ? text : text.slice(0, brace);
    if (this.phase === 'name') this.name += head;
    else this.id += head;
    if (!/^\s{0,64}[a-zA-Z0-9_-]{0,64}\s{0,64}$/.test(this.name)) return this.break(text.slice(head.length));
    if (brace < 0) return NOTHING;
    if (this.name.trim() === '') return this.break(text.slice(brace));
    this.lenient = true;
    this.phase = 'args';
    return this.readArguments(text.slice(brace));
  }

  private readArguments(text: string): BlockStep {
    const start = this.hasValue ? 0 : text.length - text.trimStart().length;
    if (!this.hasValue && start < text.length) {
      this.hasValue = true;
      if (text[start] !== '{') this.phase = 'damaged';
    }
    const end = this.phase === 'args' ? this.scanner.advance(text, start) : undefined;
    this.args.push(text.slice(0, end));
    if (end === undefined) return NOTHING;
    const call = this.call(this.args.join(''));
    if (call.problem === undefined) {
      this.phase = 'done';
      return {...NOTHING, calls: [call], trailing: text.slice(end)};
    }
    this.phase = 'damaged';
    this.args.push(text.slice(end));
    return NOTHING;
  }

  private call(args: string): WrittenCall {
    const passed = argumentsFromText(args);
    return {
      name: this.name.trim(),
      ...keptId(this.id.trim()),
      ...passed,
      lenient: this.lenient || passed.lenient === true,
    };
  }

  private break(rest = ''): BlockStep {
    this.phase = 'broken';
    return {...NOTHING, loose: this.name + this.id + rest};
  }
}

function asLenient(step: BlockStep): BlockStep {
  return {...step, calls: step.calls.map((call) => ({...call, lenient: true}))};
}
