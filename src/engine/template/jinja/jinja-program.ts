// A template of a model file, compiled: untrusted code, run by an interpreter that has nothing but its input.
import {isJsonArray, isJsonNumber, isJsonObject, type Json, type JsonObject} from '../../../base/json.ts';
import {Environment, Interpreter, type Program, parse, type Statement, tokenize, type Value} from './jinja-library.ts';
import {strftime} from './python-time.ts';
import {type WatchedNodes, watchedNodes, whyUnfaithful} from './unfaithful.ts';

/** UTF-16 units of a template; public ones have 20,000 at most. */
export const MOST_TEMPLATE = 1 << 20;
/** UTF-16 units of what it prints, and of any text on the way there. */
export const MOST_OUTPUT = 8 << 20;
/** As in the sandbox of Python's Jinja. */
const MOST_RANGE = 100_000;

/**
 * `syntax`: it is no template. `unfaithful`: it would be printed otherwise than by Python's Jinja. `raised`: it refuses
 * this conversation (`raise_exception`). `failed`: anything else.
 */
export type TemplateFaultKind = 'syntax' | 'unfaithful' | 'raised' | 'failed' | 'late';

export class TemplateFault extends Error {
  readonly kind: TemplateFaultKind;

  constructor(kind: TemplateFaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Values that Python prints as words or as a notation of its own. */
const UNLIKE_PYTHON: Readonly<Record<string, string>> = {
  BooleanValue: 'true or false',
  ArrayValue: 'a list',
  TupleValue: 'a list',
  ObjectValue: 'an object',
  KeywordArgumentsValue: 'an object',
  NamespaceValue: 'an object',
  FunctionValue: 'a function',
};

/** The interpreter, with bounds on its texts and a look at what it prints. */
class CheckedInterpreter extends Interpreter {
  readonly #watched: WatchedNodes;

  constructor(environment: Environment, watched: WatchedNodes) {
    super(environment);
    this.#watched = watched;
  }

  override evaluate(statement: Statement | undefined, environment: Environment): Value {
    const value = super.evaluate(statement, environment);
    if (value.type === 'StringValue' && (value.value as string).length > MOST_OUTPUT) {
      throw new TemplateFault('failed', `it makes a text of more than ${MOST_OUTPUT} characters`);
    }
    if (statement === undefined) return value;
    if (value.type === 'UndefinedValue' && this.#watched.looked.has(statement)) {
      throw new TemplateFault('failed', `it looks into ${String(statement.value ?? 'something')}, which is not there`);
    }
    if (!this.#watched.printed.has(statement)) return value;
    if (value.type === 'NullValue') return new Environment().set('none', 'None');
    const what = UNLIKE_PYTHON[value.type];
    if (what === undefined) return value;
    throw new TemplateFault('unfaithful', `it prints ${what}, which Python spells in its own way`);
  }
}

export class JinjaProgram {
  readonly #program: Program;
  readonly #watched: WatchedNodes;
  readonly #text: string;
  readonly #now: () => Date;

  /** @throws TemplateFault `syntax`, or `unfaithful` for what is seen before it runs. */
  constructor(text: string, now: () => Date = () => new Date()) {
    if (text.length > MOST_TEMPLATE) {
      throw new TemplateFault('syntax', `it has more than ${MOST_TEMPLATE} characters`);
    }
    this.#text = text;
    this.#now = now;
    try {
      this.#program = parse(tokenize(text.replace(/\r\n?/g, '\n'), {lstrip_blocks: true, trim_blocks: true}));
      this.#watched = watchedNodes(this.#program);
    } catch (error) {
      throw new TemplateFault('syntax', `${error instanceof RangeError ? 'it nests too deeply' : error}`);
    }
    const why = whyUnfaithful(this.#program);
    if (why !== undefined) throw new TemplateFault('unfaithful', why);
  }

  /** @throws TemplateFault with the reason. */
  render(variables: JsonObject): string {
    const numbers = new Numbers(() => [this.#text, ...stringsIn(variables)].join('\n'));
    const environment = new Environment();
    this.#addBuiltIns(environment);
    for (const [name, value] of variables) environment.setVariable(name, runtimeValue(value, numbers));
    try {
      const printed = new CheckedInterpreter(environment, this.#watched).run(this.#program);
      return numbers.restore(String(printed.value));
    } catch (error) {
      if (error instanceof TemplateFault) throw error;
      if (error instanceof RangeError) throw new TemplateFault('failed', 'it nests too deeply or makes too much');
      throw new TemplateFault('failed', error instanceof Object && 'message' in error ? String(error.message) : '');
    }
  }

  #addBuiltIns(environment: Environment): void {
    const builtIns = {
      raise_exception: (message: unknown) => {
        throw new TemplateFault('raised', String(message));
      },
      range: pythonRange,
      strftime_now: (format: unknown) => strftime(this.#now(), String(format)),
    };
    for (const [name, value] of Object.entries({true: true, True: true, false: false, False: false})) {
      environment.set(name, value);
    }
    for (const name of ['none', 'None']) environment.set(name, null);
    for (const [name, value] of Object.entries(builtIns)) environment.set(name, value);
  }
}

function pythonRange(...bounds: readonly unknown[]): number[] {
  const [first = 0, second, step = 1] = bounds.map(Number);
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const count = step === 0 ? Number.NaN : Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MOST_RANGE)) throw new TemplateFault('failed', `it counts to more than ${MOST_RANGE}`);
  return Array.from({length: count}, (_, index) => from + index * step);
}

/** The interpreter's own conversion loses the order of keys that look like integers. */
function runtimeValue(json: Json, numbers: Numbers): Value {
  const make = (plain: unknown) => new Environment().set('value', plain);
  if (isJsonNumber(json)) return make(numbers.standIn(json.source));
  if (isJsonArray(json)) {
    const list = make([]);
    for (const item of json) (list.value as Value[]).push(runtimeValue(item, numbers));
    return list;
  }
  if (!isJsonObject(json)) return make(json);
  const object = make({});
  for (const [key, value] of json) (object.value as Map<string, Value>).set(key, runtimeValue(value, numbers));
  return object;
}

/** Numbers that JavaScript would spell otherwise go through a template as integers that occur nowhere else. */
class Numbers {
  readonly #sources = new Map<string, string>();
  readonly #texts: () => string;
  #taken: string | undefined;
  #next = 8_999_999_999_999_999;

  constructor(texts: () => string) {
    this.#texts = texts;
  }

  standIn(source: string): number {
    const value = Number(source);
    if (/^-?\d+$/.test(source) && Number.isSafeInteger(value)) return value;
    this.#taken ??= this.#texts();
    do this.#next -= 1;
    while (this.#taken.includes(String(this.#next)));
    this.#sources.set(String(this.#next), source);
    return this.#next;
  }

  restore(text: string): string {
    if (this.#sources.size === 0) return text;
    return text.replace(
      new RegExp([...this.#sources.keys()].join('|'), 'g'),
      (standIn) => this.#sources.get(standIn) ?? '',
    );
  }
}

function* stringsIn(json: Json): Generator<string> {
  if (typeof json === 'string') yield json;
  else if (isJsonNumber(json)) yield json.source;
  else if (isJsonArray(json)) for (const item of json) yield* stringsIn(item);
  else if (isJsonObject(json)) {
    for (const [key, value] of json) {
      yield key;
      yield* stringsIn(value);
    }
  }
}
