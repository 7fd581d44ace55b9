// Where each key and value of a valid TOML text stands: messages name the place, and a value is replaced without its comments.

export interface TomlEntry {
  /** With the names of the tables it is in. */
  readonly path: readonly string[];
  /** Offsets in the text. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface TomlHeader {
  readonly path: readonly string[];
  readonly start: number;
  /** Behind its closing bracket. */
  readonly end: number;
}

export interface TomlPlaces {
  readonly entries: readonly TomlEntry[];
  readonly headers: readonly TomlHeader[];
}

/** `line:column` of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** Reads a text that a TOML parser has accepted: of another one the places are wrong, but it ends. */
export function tomlPlaces(text: string): TomlPlaces {
  return new Scanner(text).scan();
}

const BLANK = /[ \t]*/y;
const BLANK_LINES = /(?:[\s]|#[^\n]*)*/y;
const BARE_KEY = /[\w-]+/y;
const BASIC = /"(?:\\.|[^"\\\n])*"/y;
const LITERAL = /'[^'\n]*'/y;
const LONG_BASIC = /"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2}(?!"))/y;
const LONG_LITERAL = /'''[\s\S]*?'''(?:'{0,2}(?!'))/y;
const BARE_VALUE = /[^,\]}#\n]*/y;

class Scanner {
  readonly #text: string;
  readonly #entries: TomlEntry[] = [];
  readonly #headers: TomlHeader[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): TomlPlaces {
    let table: readonly string[] = [];
    for (;;) {
      this.#take(BLANK_LINES);
      if (this.#at >= this.#text.length) break;
      const start = this.#at;
      if (this.#text[start] === '[') {
        this.#at += this.#text.startsWith('[[', start) ? 2 : 1;
        table = this.#key();
        while (this.#text[this.#at] === ']') this.#at += 1;
        this.#headers.push({path: table, start, end: this.#at});
      } else this.#entry(table);
      if (this.#at === start) this.#at += 1;
    }
    return {entries: this.#entries, headers: this.#headers};
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #key(): string[] {
    const parts: string[] = [];
    do {
      if (parts.length > 0) this.#at += 1;
      this.#take(BLANK);
      parts.push(this.#take(BARE_KEY) || unquoted(this.#take(BASIC) || this.#take(LITERAL)));
      this.#take(BLANK);
    } while (this.#text[this.#at] === '.');
    return parts;
  }

  #entry(table: readonly string[]): void {
    const start = this.#at;
    const path = [...table, ...this.#key()];
    if (this.#text[this.#at] === '=') this.#at += 1;
    this.#take(BLANK);
    const valueStart = this.#at;
    this.#value(path);
    this.#entries.push({path, start, valueStart, valueEnd: this.#at});
  }

  #value(path: readonly string[]): void {
    const first = this.#text[this.#at];
    if (first === '[') this.#list(']', () => this.#value(path));
    else if (first === '{') this.#list('}', () => this.#entry(path));
    else if (first === '"') void (this.#take(LONG_BASIC) || this.#take(BASIC));
    else if (first === "'") void (this.#take(LONG_LITERAL) || this.#take(LITERAL));
    else {
      const value = this.#take(BARE_VALUE);
      this.#at -= value.length - value.trimEnd().length;
    }
  }

  #list(end: string, item: () => void): void {
    this.#at += 1;
    for (;;) {
      this.#take(BLANK_LINES);
      const start = this.#at;
      const next = this.#text[start];
      if (next === undefined) return;
      if (next === end || next === ',') this.#at += 1;
      else item();
      if (next === end) return;
      if (this.#at === start) this.#at += 1;
    }
  }
}

function unquoted(key: string): string {
  const inside = key.slice(1, -1);
  return key.startsWith('"') ? inside.replace(/\\(["\\])/g, '$1') : inside;
}
