// Values of a configuration with the environment's in their places: ${NAME}, ${env:NAME}, ${NAME:-default}, ${input:ID}.
import {EngineError} from '../../../base/errors.ts';
import {anything, complete, flag, type Shape, text} from '../../../base/shape.ts';

/** Something VS Code asks the person for. */
export interface Input {
  readonly id: string;
  readonly description?: string | undefined;
  readonly password?: boolean | undefined;
  readonly default?: string | undefined;
}

/** Undefined when the person gives none. */
export type Ask = (input: Input) => Promise<string | undefined>;

const id = complete({id: text});

export const INPUT: Shape<Input> = (value, path = '') => {
  const members = value as {description?: unknown; password?: unknown; default?: unknown};
  const read = {...id(value, path)};
  return {
    ...read,
    ...(typeof members.description === 'string' && {description: members.description}),
    ...(members.password === true && {password: flag(members.password)}),
    ...(typeof anything(members.default) === 'string' && {default: text(members.default)}),
  };
};

export interface ValuesOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly ask?: Ask;
}

const PLACE = /\$\{([^}]*)\}/g;

export class Values {
  readonly #options: ValuesOptions;
  readonly #inputs: ReadonlyMap<string, Input>;
  readonly #answers = new Map<string, Promise<string>>();

  constructor(options: ValuesOptions, inputs: readonly Input[]) {
    this.#options = options;
    this.#inputs = new Map(inputs.map((input) => [input.id, input]));
  }

  /** For what is not used: each value as it stands in the file. */
  get asWritten(): Pick<Values, 'of' | 'ofAll' | 'ofList'> {
    return {
      of: async (given) => given,
      ofAll: async (given) => Object.fromEntries(given),
      ofList: async (given) => [...given],
    };
  }

  /** The text with a value in each place. @throws EngineError `usage` for a variable that is not set. */
  async of(given: string): Promise<string> {
    let said = '';
    let from = 0;
    for (const match of given.matchAll(PLACE)) {
      said += given.slice(from, match.index) + (await this.#value(match[1] ?? ''));
      from = match.index + match[0].length;
    }
    return said + given.slice(from);
  }

  async ofAll(given: ReadonlyMap<string, string>): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    // One after the other: the person is asked for one thing at a time.
    for (const [name, value] of given) values[name] = await this.of(value);
    return values;
  }

  async ofList(given: readonly string[]): Promise<string[]> {
    const values: string[] = [];
    for (const value of given) values.push(await this.of(value));
    return values;
  }

  async #value(place: string): Promise<string> {
    const {env, cwd} = this.#options;
    if (place === 'workspaceFolder') return cwd;
    if (place === 'userHome') return env.HOME ?? '';
    if (place.startsWith('input:')) return await this.#input(place.slice('input:'.length));
    const [, name = '', otherwise] = /^(?:env:)?([^:]*)(?::-([\s\S]*))?$/.exec(place) ?? [];
    const value = env[name];
    if (name !== '' && value !== undefined && (value !== '' || otherwise === undefined)) return value;
    if (otherwise !== undefined) return otherwise;
    throw new EngineError('usage', `the variable ${name === '' ? place : name} is not set`, {
      hint: `Set it, or write \${${name}:-VALUE}.`,
    });
  }

  #input(name: string): Promise<string> {
    const known = this.#answers.get(name) ?? this.#asked(name);
    this.#answers.set(name, known);
    return known;
  }

  async #asked(name: string): Promise<string> {
    const input = this.#inputs.get(name);
    if (input === undefined) throw new EngineError('usage', `there is no input ${name} in its file`);
    const answer = await this.#options.ask?.(input);
    if (answer !== undefined) return answer;
    if (input.default !== undefined) return input.default;
    throw new EngineError('usage', `it asks for ${name}, and nobody at a terminal has given it`);
  }
}
