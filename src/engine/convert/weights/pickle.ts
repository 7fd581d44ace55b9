// A safe reader of the pickles that torch.save writes: it builds plain data and a few allowed classes, runs nothing.

/** What a pickle may name; everything else is refused. */
export interface PickleRules {
  /** The value of a class or function, called with its arguments where the pickle calls it; undefined = forbidden. */
  readonly global: (module: string, name: string) => PickleGlobal | undefined;
  /** The object behind a persistent id (torch: a storage). */
  readonly persistent: (id: unknown) => unknown;
}

export interface PickleGlobal {
  readonly name: string;
  readonly call?: (args: readonly unknown[]) => unknown;
}

/** Thrown for a pickle that is damaged or asks for what is not allowed; the message follows "its pickle". */
export class PickleError extends Error {}

const MARK = Symbol('mark');

/** Reads one pickle of protocol 2 to 4. Dictionaries become Maps, lists and tuples arrays. */
export function readPickle(bytes: Buffer, rules: PickleRules): unknown {
  try {
    return new PickleMachine(bytes, rules).run();
  } catch (error) {
    if (error instanceof RangeError) throw new PickleError('ends too early');
    throw error;
  }
}

class PickleMachine {
  readonly #bytes: Buffer;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Buffer, rules: PickleRules) {
    this.#bytes = bytes;
    this.#rules = rules;
  }

  run(): unknown {
    for (;;) {
      const code = this.#uint(1);
      if (code === 0x2e) return this.#pop();
      const operation = OPERATIONS[code];
      if (operation === undefined)
        throw new PickleError(`uses the operation 0x${code.toString(16)}, which is not allowed`);
      operation(this);
    }
  }

  take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint(length: number): number {
    return this.#uint(length);
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError();
    return this.take(end + 1 - this.#at)
      .toString()
      .slice(0, -1);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    return this.#pop();
  }

  top(): unknown {
    if (this.#stack.length === 0) throw new RangeError();
    return this.#stack.at(-1);
  }

  /** Everything above the last mark. */
  popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw new PickleError('is damaged');
    return this.#stack.splice(mark).slice(1);
  }

  remember(key: number): void {
    this.#memo.set(key, this.top());
  }

  memoize(): void {
    this.remember(this.#memo.size);
  }

  recall(key: number): void {
    if (!this.#memo.has(key)) throw new PickleError('is damaged');
    this.push(this.#memo.get(key));
  }

  pushGlobal(module: string, name: string): void {
    const found = this.#rules.global(module, name);
    if (found === undefined) throw new PickleError(`asks for ${module}.${name}, which is not allowed`);
    this.push(found);
  }

  reduce(): void {
    const args = this.#pop();
    const callee = this.#pop() as PickleGlobal | undefined;
    if (typeof callee?.call !== 'function' || !Array.isArray(args)) throw new PickleError('calls what is no function');
    this.push(callee.call(args));
  }

  persistent(): void {
    this.push(this.#rules.persistent(this.#pop()));
  }

  #uint(length: number): number {
    return this.take(length).readUIntLE(0, length);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new RangeError();
    return this.#stack.pop();
  }
}

type Operation = (machine: PickleMachine) => void;

const tuple =
  (size: number): Operation =>
  (m) => {
    const items = Array.from({length: size}, () => m.pop());
    m.push(items.reverse());
  };

function append(list: unknown, items: readonly unknown[]): void {
  if (!Array.isArray(list)) throw new PickleError('is damaged');
  for (const item of items) list.push(item);
}

function setItems(map: unknown, items: readonly unknown[]): void {
  if (!(map instanceof Map)) throw new PickleError('is damaged');
  for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i], items[i + 1]);
}

function integer(bytes: Buffer): number {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return Number(BigInt.asIntN(bytes.length * 8, value));
}

const OPERATIONS: Readonly<Record<number, Operation>> = {
  128: (m) => void m.take(1), // PROTO
  149: (m) => void m.take(8), // FRAME
  40: (m) => m.push(MARK),
  48: (m) => void m.pop(), // POP
  49: (m) => void m.popToMark(), // POP_MARK
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  74: (m) => m.push(m.take(4).readInt32LE()), // BININT
  75: (m) => m.push(m.uint(1)), // BININT1
  77: (m) => m.push(m.uint(2)), // BININT2
  138: (m) => m.push(integer(m.take(m.uint(1)))), // LONG1
  71: (m) => m.push(m.take(8).readDoubleBE()), // BINFLOAT
  88: (m) => m.push(m.take(m.uint(4)).toString()), // BINUNICODE
  140: (m) => m.push(m.take(m.uint(1)).toString()), // SHORT_BINUNICODE
  93: (m) => m.push([]), // EMPTY_LIST
  41: (m) => m.push([]), // EMPTY_TUPLE
  125: (m) => m.push(new Map()), // EMPTY_DICT
  97: (m) => {
    const item = m.pop();
    append(m.top(), [item]);
  }, // APPEND
  101: (m) => {
    const items = m.popToMark();
    append(m.top(), items);
  }, // APPENDS
  116: (m) => m.push(m.popToMark()), // TUPLE
  133: tuple(1),
  134: tuple(2),
  135: tuple(3),
  115: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m.top(), [key, value]);
  }, // SETITEM
  117: (m) => {
    const items = m.popToMark();
    setItems(m.top(), items);
  }, // SETITEMS
  99: (m) => m.pushGlobal(m.line(), m.line()), // GLOBAL
  147: (m) => {
    const name = String(m.pop());
    m.pushGlobal(String(m.pop()), name);
  }, // STACK_GLOBAL
  82: (m) => m.reduce(), // REDUCE
  98: (m) => void m.pop(), // BUILD: the state of an OrderedDict (_metadata) says nothing about weights
  113: (m) => m.remember(m.uint(1)), // BINPUT
  114: (m) => m.remember(m.uint(4)), // LONG_BINPUT
  104: (m) => m.recall(m.uint(1)), // BINGET
  106: (m) => m.recall(m.uint(4)), // LONG_BINGET
  148: (m) => m.memoize(), // MEMOIZE
  81: (m) => m.persistent(), // BINPERSID
};
