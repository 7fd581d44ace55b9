// The parts of @huggingface/jinja that are used here, with their types: those of the package itself do not resolve.
import * as library from '@huggingface/jinja';

/** A node of a parsed template: a statement, or an expression, which is printed where it stands as a statement. */
export interface Statement {
  readonly type: string;
  readonly body?: readonly Statement[];
  readonly alternate?: readonly Statement[];
  readonly defaultBlock?: readonly Statement[];
  readonly operator?: {readonly value: string};
  readonly left?: Statement;
  readonly right?: Statement;
  readonly operand?: Statement;
  readonly object?: Statement;
  readonly filter?: {readonly type: string; readonly value?: unknown};
  readonly value?: unknown;
}

export interface Program extends Statement {
  readonly body: readonly Statement[];
}

/** A value of the interpreter, such as `StringValue`. */
export interface Value {
  readonly type: string;
  readonly value: unknown;
}

interface JinjaEnvironment {
  /** @throws SyntaxError for a name that is there already. */
  set(name: string, plain: unknown): Value;
  setVariable(name: string, value: Value): Value;
}

interface JinjaInterpreter {
  run(program: Program): Value;
  evaluate(statement: Statement | undefined, environment: JinjaEnvironment): Value;
}

interface Library {
  readonly Environment: new () => JinjaEnvironment;
  readonly Interpreter: new (environment: JinjaEnvironment) => JinjaInterpreter;
  readonly tokenize: (text: string, options: {lstrip_blocks: boolean; trim_blocks: boolean}) => readonly unknown[];
  readonly parse: (tokens: readonly unknown[]) => Program;
}

export const {Environment, Interpreter, tokenize, parse} = library as unknown as Library;
export type Environment = JinjaEnvironment;
