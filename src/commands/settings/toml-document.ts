// A settings file that was read: its values and where each of them stands. The only user of the TOML parser.
import {parse, TomlError} from 'smol-toml';
import {EngineError} from '../../base/errors.ts';
import {lineAndColumn, type TomlPlaces, tomlPlaces} from './toml-places.ts';
import type {Table} from './toml-table.ts';

export class TomlDocument {
  readonly root: Table;
  readonly #name: string;
  readonly #text: string;
  #places: TomlPlaces | undefined;

  /** `name` is how messages call the file. @throws EngineError `usage` with the place of what is no TOML. */
  constructor(name: string, text: string) {
    this.#name = name;
    // A mark that some editors put in front.
    this.#text = text.replace(/^\uFEFF/, '');
    this.root = parsed(name, this.#text);
  }

  /** `name:line:column` of a key, or of what its table begins with. */
  placeOf(path: readonly string[]): string {
    this.#places ??= tomlPlaces(this.#text);
    const {entries, headers} = this.#places;
    const is = (one: {path: readonly string[]}) => one.path.join('\0') === path.join('\0');
    const isBelow = (one: {path: readonly string[]}) => path.every((name, at) => one.path[at] === name);
    const {start} = entries.find(is) ?? headers.find(is) ?? [...headers, ...entries].find(isBelow) ?? {start: 0};
    return `${this.#name}:${lineAndColumn(this.#text, start)}`;
  }
}

function parsed(name: string, text: string): Table {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = (cause.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new EngineError('usage', `${name}:${cause.line}:${cause.column}: this is not TOML: ${reason}`, {
      hint: 'Correct the file, or run with --no-config.',
      cause,
    });
  }
}
