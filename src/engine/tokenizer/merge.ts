// Byte-pair merging for both families: the best neighbouring pair first, the leftmost of equals, O(n log n).
import type {Steps} from '../../base/in-turns.ts';
import {extendHash, type PieceIndex} from './pieces.ts';

const NONE = -1;
/** A heap entry is `order * LEFT + left` in one exact double: order below 2^22, left below 2^31. */
const LEFT = 2 ** 31;
/** Symbols for which the working arrays are kept between calls; larger ones are given back to the collector. */
const KEPT = 1 << 16;
/** First pairs from which on they are sorted once instead of being kept in the heap: a long run is merged in order. */
const LONG = 64;
/** Symbols between two pauses. */
const STEP = 4096;
/** Bytes up to which a text is merged without a pause. */
const AT_ONCE = 1 << 14;
const EMPTY = new Float64Array(0);

/** Working arrays for up to `capacity` symbols. */
function workspace(capacity: number) {
  return {
    capacity,
    /** Byte where symbol i begins; the symbol after the last one begins at the end. */
    starts: new Int32Array(capacity + 1),
    next: new Int32Array(capacity),
    previous: new Int32Array(capacity),
    /** Id and order of what symbol i and its right neighbour would become; -1: nothing, or symbol i is gone. */
    pairIds: new Int32Array(capacity),
    pairOrders: new Int32Array(capacity),
    ids: new Int32Array(capacity),
  };
}

/** Takes a piece of the text: its id, -1 for a symbol that is none, and where it stands. */
type Emit = (id: number, start: number, end: number) => void;

export class Merger {
  readonly #index: PieceIndex;
  readonly #orders: Int32Array;
  #work = workspace(256);
  #hashes = new Int32Array(1024);
  #heap = new Float64Array(256);
  #heapSize = 0;
  /** The first pairs of a long text, best first, from `#queueAt` on. */
  #queue = EMPTY;
  #queueAt = 0;

  /** `orders[id]`: pieces with a smaller number are merged first. */
  constructor(index: PieceIndex, orders: Int32Array) {
    this.#index = index;
    this.#orders = orders;
  }

  /**
   * Merges `text[start..end)` and hands the pieces over from left to right: `emit(id, start, end)`, id -1 for a symbol
   * that is no piece. `wholeCharacters`: the first symbols are UTF-8 characters; otherwise bytes.
   */
  merge(text: Uint8Array, start: number, end: number, wholeCharacters: boolean, emit: Emit): void {
    this.#hash(text, start, end);
    const symbols = this.#room(text, start, end, wholeCharacters);
    const count = this.#split(text, start, end, wholeCharacters);
    this.#firstPairs(text, start, count);
    while (this.#heapSize > 0 || this.#queueAt < this.#queue.length) this.#mergeBest(text, start, count);
    for (let i = 0; i < count; i = this.#emit(text, start, i, emit));
    if (symbols > KEPT) this.#release();
  }

  /**
   * The same with pauses, for a merger that nobody else uses meanwhile (`fresh`). A long text has its pairs in the heap alone:
   * sorting millions of them is one piece of work.
   */
  *mergeSteps(text: Uint8Array, start: number, end: number, wholeCharacters: boolean, emit: Emit): Steps<void> {
    if (end - start <= AT_ONCE) {
      this.merge(text, start, end, wholeCharacters, emit);
      return;
    }
    this.#hash(text, start, end);
    yield;
    this.#room(text, start, end, wholeCharacters);
    const count = this.#split(text, start, end, wholeCharacters);
    yield;
    this.#queue = EMPTY;
    this.#queueAt = 0;
    this.#heapSize = 0;
    for (let i = 0; i < count; i++) {
      this.#look(text, start, count, i);
      if (i % STEP === 0) yield;
    }
    for (let merged = 0; this.#heapSize > 0; merged++) {
      this.#mergeBest(text, start, count);
      if (merged % STEP === 0) yield;
    }
    for (let i = 0, emitted = 0; i < count; emitted++) {
      i = this.#emit(text, start, i, emit);
      if (emitted % STEP === 0) yield;
    }
    this.#release();
  }

  /** A merger of the same pieces, for work that pauses. */
  fresh(): Merger {
    return new Merger(this.#index, this.#orders);
  }

  /** Hands over the piece at symbol `i`, and returns the next one. */
  #emit(text: Uint8Array, base: number, i: number, emit: Emit): number {
    const {starts, next, ids} = this.#work;
    const after = next[i] as number;
    const from = starts[i] as number;
    const to = starts[after] as number;
    const id = ids[i] as number;
    emit(id === NONE ? this.#index.find(text, from, to, this.#hashes, base) : id, from, to);
    return after;
  }

  /** Makes room for the symbols of a text; returns at most how many they are. */
  #room(text: Uint8Array, start: number, end: number, wholeCharacters: boolean): number {
    const symbols = wholeCharacters ? countCharacters(text, start, end) : end - start;
    if (this.#work.capacity < symbols) this.#work = workspace(symbols);
    return symbols;
  }

  /** The id of `text[start..end)` if it is one piece as a whole, else -1. */
  findWhole(text: Uint8Array, start: number, end: number): number {
    if (end - start > this.#index.longest) return NONE;
    this.#hash(text, start, end);
    return this.#index.find(text, start, end, this.#hashes, start);
  }

  #release(): void {
    this.#work = workspace(256);
    this.#hashes = new Int32Array(1024);
    this.#heap = new Float64Array(256);
    this.#queue = EMPTY;
  }

  #hash(text: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#hashes.length <= length) this.#hashes = new Int32Array(length * 2);
    let hash = 0;
    for (let i = 0; i < length; i++) {
      hash = extendHash(hash, text[start + i] as number);
      this.#hashes[i + 1] = hash;
    }
  }

  #split(text: Uint8Array, start: number, end: number, wholeCharacters: boolean): number {
    const {starts, next, previous, ids} = this.#work;
    let count = 0;
    for (let at = start; at < end; at++) {
      // A byte 10xxxxxx goes on with the character before it.
      if (wholeCharacters && at > start && ((text[at] as number) & 0xc0) === 0x80) continue;
      starts[count] = at;
      next[count] = count + 1;
      previous[count] = count - 1;
      ids[count] = NONE;
      count++;
    }
    starts[count] = end;
    return count;
  }

  #firstPairs(text: Uint8Array, base: number, count: number): void {
    this.#heapSize = 0;
    for (let i = 0; i < count; i++) this.#look(text, base, count, i);
    this.#queue = EMPTY;
    this.#queueAt = 0;
    if (this.#heapSize < LONG) return;
    this.#queue = this.#heap.slice(0, this.#heapSize);
    this.#heapSize = 0;
    if (!isSorted(this.#queue)) this.#queue.sort();
  }

  /** The best entry of heap and queue, taken out. */
  #best(): number {
    const first = this.#queue[this.#queueAt];
    if (first === undefined || (this.#heapSize > 0 && (this.#heap[0] as number) < first)) return this.#pop();
    this.#queueAt++;
    return first;
  }

  #mergeBest(text: Uint8Array, base: number, count: number): void {
    const {next, previous, pairIds, pairOrders, ids} = this.#work;
    const entry = this.#best();
    const order = Math.floor(entry / LEFT);
    const left = entry - order * LEFT;
    // An entry whose pair has changed since it was pushed is stale.
    if (pairOrders[left] !== order) return;
    const right = next[left] as number;
    const after = next[right] as number;
    ids[left] = pairIds[left] as number;
    next[left] = after;
    pairOrders[right] = NONE;
    if (after < count) previous[after] = left;
    this.#look(text, base, count, left);
    if (left > 0) this.#look(text, base, count, previous[left] as number);
  }

  /** Looks up what symbol i and its right neighbour would become and puts it into the heap. */
  #look(text: Uint8Array, base: number, count: number, i: number): void {
    const {starts, next, pairIds, pairOrders} = this.#work;
    const right = next[i] as number;
    if (right >= count) {
      pairOrders[i] = NONE;
      return;
    }
    const end = starts[next[right] as number] as number;
    const id = this.#index.find(text, starts[i] as number, end, this.#hashes, base);
    pairIds[i] = id;
    const order = id === NONE ? NONE : (this.#orders[id] as number);
    pairOrders[i] = order;
    if (id !== NONE) this.#push(order * LEFT + i);
  }

  #push(entry: number): void {
    if (this.#heapSize === this.#heap.length) this.#growHeap();
    const heap = this.#heap;
    let at = this.#heapSize++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as number;
      if (above <= entry) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #growHeap(): void {
    const larger = new Float64Array(this.#heap.length * 2);
    larger.set(this.#heap);
    this.#heap = larger;
  }

  #pop(): number {
    const heap = this.#heap;
    const best = heap[0] as number;
    const last = heap[--this.#heapSize] as number;
    const size = this.#heapSize;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++;
      const below = heap[child] as number;
      if (below >= last) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return best;
  }
}

function countCharacters(text: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (((text[at] as number) & 0xc0) !== 0x80) count++;
  return count;
}

function isSorted(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) return false;
  return true;
}
