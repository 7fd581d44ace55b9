// Finds stop strings in a text that arrives in pieces, and holds back only what could still become one.

interface Node {
  readonly next: Map<number, Node>;
  /** Length of the text on the path to here: how much must be held back in this state. */
  readonly depth: number;
  fallback: Node | undefined;
  /** The longest stop string that ends here. */
  found: string | undefined;
}

export interface StopStep {
  /** Text that is certainly part of the answer. */
  readonly text: string;
  /** The stop string that was completed; nothing after it counts. */
  readonly stop?: string;
}

/** An Aho-Corasick automaton: a step costs the length of the piece, however many stop strings there are. */
export class StopMatcher {
  readonly #root: Node;
  #state: Node;
  #held = '';

  /** Empty strings are ignored. */
  constructor(stops: readonly string[]) {
    this.#root = buildTrie(stops);
    linkFallbacks(this.#root);
    this.#state = this.#root;
  }

  /** The first stop string to be completed wins; of several that end together, the longest. */
  push(piece: string): StopStep {
    const text = this.#held + piece;
    for (let at = 0; at < piece.length; at++) {
      this.#state = this.#advance(this.#state, piece.charCodeAt(at));
      const stop = this.#state.found;
      if (stop !== undefined) {
        this.#held = '';
        return {text: text.slice(0, this.#lengthBefore(text, piece, at) - stop.length), stop};
      }
    }
    const kept = text.length - this.#state.depth;
    this.#held = text.slice(kept);
    return {text: text.slice(0, kept)};
  }

  /** What was held back and did not become a stop string. */
  end(): string {
    const text = this.#held;
    this.#held = '';
    this.#state = this.#root;
    return text;
  }

  #lengthBefore(text: string, piece: string, at: number): number {
    return text.length - piece.length + at + 1;
  }

  #advance(from: Node, code: number): Node {
    let node: Node | undefined = from;
    while (node) {
      const next = node.next.get(code);
      if (next) return next;
      node = node.fallback;
    }
    return this.#root;
  }
}

function createNode(depth: number): Node {
  return {next: new Map(), depth, fallback: undefined, found: undefined};
}

function buildTrie(stops: readonly string[]): Node {
  const root = createNode(0);
  for (const stop of stops) {
    let node = root;
    for (let at = 0; at < stop.length; at++) {
      const code = stop.charCodeAt(at);
      const next = node.next.get(code) ?? createNode(node.depth + 1);
      node.next.set(code, next);
      node = next;
    }
    if (node !== root) node.found = stop;
  }
  return root;
}

/** Breadth first: a node falls back to the longest proper suffix of its path that is a path too. */
function linkFallbacks(root: Node): void {
  const queue = [root];
  for (const node of queue) {
    for (const [code, child] of node.next) {
      let fallback = node.fallback;
      while (fallback && !fallback.next.has(code)) fallback = fallback.fallback;
      child.fallback = fallback?.next.get(code) ?? root;
      child.found ??= child.fallback.found;
      queue.push(child);
    }
  }
}
