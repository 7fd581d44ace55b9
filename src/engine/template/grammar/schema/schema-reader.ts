// A JSON schema as rules whose language is a part of the schema's; what they do not hold is told with its place.
import {atOnce, type Steps} from '../../../../base/in-turns.ts';
import {isJsonArray, isJsonObject, type Json} from '../../../../base/json.ts';
import {enumTree, type RuleSink} from '../enum-tree.ts';
import {choice, type Expression, NOTHING, printRules} from '../expression.ts';
import {arrayRule} from './array-rules.ts';
import {fulfils} from './check-value.ts';
import {numberRule} from './number-rules.ts';
import {objectRule} from './object-rules.ts';
import {jsonText, type Reading} from './reading.ts';
import {below, type Part, type Placed, SchemaDocument, takeApart, type Unheld, without} from './schema-parts.ts';
import {textRule} from './text-rules.ts';
import {areDisjoint, limits, refusedTypes, TYPES, type TypeName, typesOf} from './type-facts.ts';

/** Keywords that some rule follows, or that limit no value. */
const UNDERSTOOD: ReadonlySet<string> = new Set(
  `$schema $id $comment $defs definitions $anchor $vocabulary title description default examples deprecated readOnly
  writeOnly type enum const $ref anyOf oneOf allOf not properties required additionalProperties patternProperties
  propertyNames minProperties maxProperties items prefixItems additionalItems minItems maxItems uniqueItems minLength
  maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf contentEncoding contentMediaType
  contentSchema then else minContains maxContains`.split(/\s+/),
);
/** Keywords of the standard that limit values, and that no grammar here holds. */
const NOT_HELD: ReadonlySet<string> = new Set(
  `contains dependentRequired dependentSchemas dependencies if unevaluatedProperties unevaluatedItems $dynamicRef
  $recursiveRef`.split(/\s+/),
);

/** Values that are read in one document: alternatives of alternatives multiply. */
const MOST_READ = 20_000;
/** Alternatives inside each other. */
const DEEPEST_ALTERNATIVES = 24;
/** Alternatives of a `oneOf` that are compared with each other. */
const MOST_COMPARED = 150;
/** What is compared to tell the alternatives of one `oneOf` apart. */
const MOST_COMPARISONS = 500_000;
/** Values of an enumeration, or rules, that are looked at between two pauses. */
const AT_ONCE = 100;

/** Where the rules of a document go, and who counts them. */
export interface GrammarSink extends RuleSink {
  spend(count: number): void;
}

/** Characters of a rule's text that count as much as a rule. */
const CHARACTERS_A_RULE = 64;

/** Where a value is read: what holds already, and the places that were read since the last bracket. */
interface Reached {
  readonly parts: readonly Part[];
  readonly outer: ReadonlySet<string>;
  readonly depth: number;
}

const OUTSIDE: Reached = {parts: [], outer: new Set(), depth: 0};

/** Reads one document into `sink`. */
export class SchemaReader implements Reading {
  readonly document: SchemaDocument;
  readonly #sink: GrammarSink;
  readonly #rules = new Map<string, Expression>();
  readonly #known = new Map<string, Expression>();
  readonly #open: (() => Steps<void>)[] = [];
  readonly #unheld = new Map<string, Unheld>();
  #values = 0;

  constructor(document: Json, sink: GrammarSink) {
    this.document = new SchemaDocument(document);
    this.#sink = sink;
  }

  /** What the rules do not hold, each once. */
  get unheld(): readonly Unheld[] {
    return [...this.#unheld.values()];
  }

  /**
   * Reads the whole document and gives the name of the rule for its values.
   * @throws EngineError `unsupported_schema` where it asks for too much.
   */
  *steps(): Steps<string> {
    const root = this.later([{schema: this.document.root, pointer: ''}]);
    for (let next = this.#open.pop(); next; next = this.#open.pop()) {
      yield* next();
      yield;
    }
    const printed = yield* printRules(this.#rules);
    let count = 0;
    for (const [name, body] of printed) {
      this.#sink.define(name, body);
      if (++count % AT_ONCE === 0) yield;
    }
    if (typeof root === 'string') return root;
    if (root.kind === 'rule' && printed.has(root.name)) return root.name;
    this.tell({pointer: '', reason: 'a schema that allows nothing is taken to allow anything'});
    return 'value';
  }

  later(given: readonly Placed[]): Expression {
    this.spend(1 + given.length);
    const limiting = given.filter(({schema}) => schema !== true && !(isJsonObject(schema) && schema.size === 0));
    if (limiting.length === 0) return 'value';
    const key = [...new Set(limiting.map(({pointer}) => pointer))].sort().join(' ');
    const known = this.#known.get(key);
    if (known) return known;
    const name = this.#sink.reserve();
    this.#rules.set(name, NOTHING);
    this.#open.push(() => this.#read(name, limiting));
    const rule: Expression = {kind: 'rule', name};
    this.#known.set(key, rule);
    return rule;
  }

  *#read(name: string, limiting: readonly Placed[]): Steps<void> {
    this.#rules.set(name, yield* this.#value(OUTSIDE, limiting));
  }

  rule(body: Expression): Expression {
    this.spend(1 + (typeof body === 'string' ? body.length : 0) / CHARACTERS_A_RULE);
    const name = this.#sink.reserve();
    this.#rules.set(name, body);
    return {kind: 'rule', name};
  }

  tree(texts: readonly string[]): Expression {
    this.spend(texts.length / 2);
    return atOnce(enumTree(texts, this.#sink));
  }

  spend(count: number): void {
    this.#sink.spend(count);
  }

  tell(unheld: Unheld): void {
    this.#unheld.set(`${unheld.pointer} ${unheld.reason}`, unheld);
  }

  /** Values that fulfil what holds already and `added`. */
  *#value(reached: Reached, added: readonly Placed[]): Steps<Expression> {
    this.#values += 1;
    if (this.#values > MOST_READ) {
      this.tell({pointer: '', reason: 'a schema with so many alternatives is not enforced'});
      return 'value';
    }
    const parts = takeApart(this.document, {parts: reached.parts, added, outer: reached.outer}, (one) =>
      this.tell(one),
    );
    if (parts === undefined) return NOTHING;
    const fixed = parts.find(({schema}) => schema.has('const') || isJsonArray(schema.get('enum')));
    this.spend(parts.length + reached.outer.size);
    yield;
    if (fixed) return yield* this.#fixedValues(fixed, parts);
    for (const part of parts) this.#check(part);
    const outer = new Set([...reached.outer, ...parts.map(({pointer}) => pointer)]);
    return (yield* this.#alternatives({parts, outer, depth: reached.depth})) ?? (yield* this.#typed(parts));
  }

  /** Tells what of a schema no rule holds. */
  #check({schema, pointer}: Part): void {
    for (const [keyword, value] of schema) {
      const place = below(pointer, keyword);
      const isHeld = keyword === 'not' ? refusedTypes(value) !== undefined : UNDERSTOOD.has(keyword);
      if (isHeld || saysNothing(keyword, value, schema.has('then') || schema.has('else'))) continue;
      const isAnnotation = keyword !== 'not' && !NOT_HELD.has(keyword);
      this.tell({pointer: place, reason: `"${keyword}" is not enforced`, ...(isAnnotation && {isAnnotation})});
    }
  }

  /** The values of `enum` or `const` that the rest of the schema allows. */
  *#fixedValues({schema, pointer}: Part, parts: readonly Part[]): Steps<Expression> {
    const keyword = schema.has('const') ? 'const' : 'enum';
    const list = schema.get('enum');
    const values = keyword === 'const' ? [schema.get('const') ?? null] : isJsonArray(list) ? list : [];
    const rest = parts.map((part) => (part.schema === schema ? without(part.schema, keyword) : part.schema));
    const sure: string[] = [];
    const unsure: string[] = [];
    for (const [at, value] of values.entries()) {
      if (at % AT_ONCE === 0) yield;
      if (/Infinity|NaN/.test(numbersIn(value))) continue;
      let verdict = true as boolean | undefined;
      for (const one of rest) {
        // Without keywords it says nothing; a long enumeration has many values.
        const own = isJsonObject(one) && one.size === 0 ? true : fulfils(this.document, one, value);
        if (own !== true) yield;
        verdict = own === false || verdict === false ? false : own && verdict;
      }
      if (verdict !== false) (verdict ? sure : unsure).push(jsonText(value));
    }
    if (sure.length === 0 && unsure.length === 0) return NOTHING;
    if (sure.length === 0)
      this.tell({pointer: below(pointer, keyword), reason: `what stands beside this "${keyword}" is not enforced`});
    return yield* enumTree(sure.length > 0 ? sure : unsure, this.#sink);
  }

  /** The first `anyOf` or `oneOf`, with all that stands beside it in each of its branches; undefined: there is none. */
  *#alternatives({parts, outer, depth}: Reached): Steps<Expression | undefined> {
    const keywords = ['anyOf', 'oneOf'] as const;
    for (const keyword of keywords) {
      const part = parts.find(({schema}) => isJsonArray(schema.get(keyword)));
      const list = part?.schema.get(keyword);
      if (!part || !isJsonArray(list)) continue;
      const place = below(part.pointer, keyword);
      const beside = parts.map((one) =>
        one === part ? {...one, schema: without(one.schema, keyword), id: `${one.id} ${keyword}`} : one,
      );
      if (depth >= DEEPEST_ALTERNATIVES) {
        this.tell({pointer: place, reason: 'alternatives so deep inside each other are not enforced'});
        return yield* this.#typed(beside);
      }
      const branches = list.map((schema, index) => ({schema, pointer: below(place, index)}));
      if (keyword === 'oneOf' && !(yield* this.#areDisjoint(beside, branches)))
        this.tell({pointer: place, reason: 'that only one of these holds is not enforced'});
      const reached = {parts: beside, outer, depth: depth + 1};
      const options: Expression[] = [];
      for (const branch of branches) options.push(this.rule(yield* this.#value(reached, [branch])));
      return choice(options);
    }
    return undefined;
  }

  *#areDisjoint(context: readonly Part[], branches: readonly Placed[]): Steps<boolean> {
    if (branches.length > MOST_COMPARED) return false;
    const work = {left: MOST_COMPARISONS};
    for (const [at, a] of branches.entries()) {
      for (const b of branches.slice(at + 1)) {
        if (!areDisjoint(this.document, context, [a, b], work)) return false;
        yield;
      }
    }
    return true;
  }

  *#typed(parts: readonly Part[]): Steps<Expression> {
    const types = typesOf(parts);
    if (types.length === TYPES.length - 1 && !types.some((type) => limits(parts, type))) return 'value';
    const options: Expression[] = [];
    for (const type of types) {
      options.push(yield* this.#ofType(type, parts));
      yield;
    }
    return choice(options);
  }

  *#ofType(type: TypeName, parts: readonly Part[]): Steps<Expression> {
    if (!limits(parts, type)) return type;
    switch (type) {
      case 'object':
        return yield* objectRule(parts, this);
      case 'array':
        return arrayRule(parts, this);
      case 'string':
        return textRule(parts, this);
      case 'integer':
      case 'number':
        return numberRule(type, parts, this);
      default:
        return type;
    }
  }
}

/** A keyword whose value limits nothing. */
function saysNothing(keyword: string, value: Json, hasBranches: boolean): boolean {
  if (keyword === 'if') return !hasBranches;
  if (keyword.startsWith('unevaluated')) return value === true;
  if (keyword.startsWith('depend')) return isJsonObject(value) && value.size === 0;
  return false;
}

/** The numbers inside a value, one behind the other. */
function numbersIn(value: Json): string {
  if (isJsonArray(value)) return value.map(numbersIn).join(' ');
  if (isJsonObject(value)) return [...value.values()].map(numbersIn).join(' ');
  return typeof value === 'object' && value !== null && 'source' in value ? infinite(String(value.source)) : '';
}

const infinite = (source: string): string => (Number.isFinite(Number(source)) ? source : 'Infinity');
