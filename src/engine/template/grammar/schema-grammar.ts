// The rules of a grammar for JSON: values by their schemas, and what a caller puts around them.
import {EngineError} from '../../../base/errors.ts';
import type {Steps} from '../../../base/in-turns.ts';
import type {Json} from '../../../base/json.ts';
import {withPrefix} from './gbnf-text.ts';
import type {Unheld} from './schema/schema-parts.ts';
import {SchemaReader} from './schema/schema-reader.ts';

/** `call`: one line, as templates write arguments. `text`: a little layout, as models write JSON for people. */
export type Layout = 'call' | 'text';

const SPACE: Readonly<Record<Layout, string>> = {
  call: '" "?',
  text: '(" " | "\\n" [ \\t]{0,20})?',
};

/** Digits are bounded, or a model can go on with one number for ever. */
const BASE_RULES: readonly (readonly [name: string, body: string])[] = [
  // One character each, also where it is written as two halves: lengths are counted in these.
  ['char', '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" unit)'],
  ['hex', '[0-9a-fA-F]'],
  ['unit', '([0-9a-cefA-CEF] hex | [dD] [0-7]) hex{2} | [dD] [89abAB] hex{2} "\\\\u" [dD] [c-fC-F] hex{2}'],
  ['string', '"\\"" char* "\\""'],
  ['integer', '"-"? ("0" | [1-9] [0-9]{0,15})'],
  ['number', 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?'],
  ['boolean', '"true" | "false"'],
  ['null', '"null"'],
  ['value', 'object | array | string | number | boolean | null'],
  ['member', 'string ":" sp value'],
  ['object', '"{" sp (member ("," sp member)* sp)? "}"'],
  ['array', '"[" sp (value ("," sp value)* sp)? "]"'],
];

/** Rules, and what is looked at to write them, of all schemas of a request. The largest that are in use need a hundredth. */
const MOST_WORK = 150_000;
/** Rules that are put into one text between two pauses. */
const AT_ONCE = 500;

/** @throws EngineError `unsupported_schema` where the schemas of a request, together, ask for more than one may. */
export function checkWork(work: number): void {
  if (work <= MOST_WORK) return;
  throw new EngineError(
    'unsupported_schema',
    'the schemas of this request are too much: their grammar would be too large',
    {
      hint: 'Send fewer or smaller schemas, with fewer alternatives and fewer properties in each.',
    },
  );
}

/** The rules of one grammar while it is put together. */
export class SchemaGrammar {
  private readonly rules: Map<string, string>;
  private included = '';
  private readonly left: Unheld[] = [];
  private count = 0;
  /** What was done for its schemas. */
  work = 0;

  constructor(layout: Layout) {
    this.rules = new Map([['sp', SPACE[layout]], ...BASE_RULES]);
  }

  /** What the schemas ask for beyond this grammar. */
  get unheld(): readonly Unheld[] {
    return this.left;
  }

  /** The grammar as text; `root` is the body of its first rule. */
  *toGbnf(root: string): Steps<string> {
    const lines = [`root ::= ${root}`];
    for (const [name, body] of this.rules) {
      lines.push(`${name} ::= ${body}`);
      if (lines.length % AT_ONCE === 0) yield;
    }
    lines.push(this.included);
    return lines.join('\n');
  }

  /** Takes in another grammar under names of its own, and returns that of its root. */
  include(gbnf: string): string {
    this.included += `${withPrefix(gbnf, 'given-')}\n`;
    return 'given-root';
  }

  /**
   * Name of a rule for values that a schema allows: never for one that it refuses, but for what `unheld` then names.
   * `$ref` is looked up inside this schema.
   * @throws EngineError as `checkWork`.
   */
  *valueOf(schema: Json): Steps<string> {
    const reader = new SchemaReader(schema, this);
    const name = yield* reader.steps();
    this.left.push(...reader.unheld);
    return name;
  }

  /** Counts what is done for its schemas. @throws EngineError as `checkWork`. */
  spend(count: number): void {
    this.work += count;
    checkWork(this.work);
  }

  /** Adds a rule and returns its name. */
  add(body: string): string {
    const name = this.reserve();
    this.rules.set(name, body);
    return name;
  }

  /** A name to be used before its rule is known, for schemas that contain themselves. */
  reserve(): string {
    this.count += 1;
    return `r${this.count}`;
  }

  define(name: string, body: string): void {
    this.rules.set(name, body);
  }
}
