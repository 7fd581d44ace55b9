// The grammar a request puts on its answer: tool calls that are demanded, arguments that fit, answers in JSON.

import {EngineError} from '../../../base/errors.ts';
import type {Steps} from '../../../base/in-turns.ts';
import {isJsonObject, type Json} from '../../../base/json.ts';
import type {Grammar} from '../../contract/backend.ts';
import {Refusal} from '../../contract/refusal.ts';
import type {ChatCompletionRequest, ResponseFormat, TemplateVersion, Token, Tool} from '../../contract/requests.ts';
import {TEMPLATES, type TemplateRow} from '../../contract/templates.ts';
import type {Tokenizer} from '../../contract/tokenizer.ts';
import {excessOf, schemaFault} from '../../wire/schema-fault.ts';
import {literal} from '../grammar/expression.ts';
import {type Unheld, unheldNote} from '../grammar/schema/schema-parts.ts';
import {checkWork, SchemaGrammar} from '../grammar/schema-grammar.ts';

export interface GrammarPlan {
  /** Undefined: the answer is free. */
  readonly grammar?: Grammar;
  /** Where a thought may come first: what holds the answer from its first token on, and what holds it behind a thought. */
  readonly thoughtful?: {readonly opening: Grammar; readonly behind: Grammar};
  /** Tokens that must never be sampled: `tool_choice` "none" keeps the tools in the prompt and forbids the call. */
  readonly forbidden: readonly Token[];
}

/** Calls of one answer at most, so that a model cannot repeat itself without end. */
const MAX_CALLS = 8;

/**
 * What to sample under. With `auto` the grammar starts behind the [TOOL_CALLS] token, if the model chooses to emit it;
 * `any` and a named tool start with that token; the response format holds for the whole answer.
 * @throws Refusal when a demanded call cannot be made, EngineError `unsupported_schema` for schemas that ask for too much.
 */
export function* requestGrammar(
  request: ChatCompletionRequest,
  tokenizer: Tokenizer,
  version: TemplateVersion,
): Steps<GrammarPlan> {
  const {toolChoice = 'auto', tools = [], responseFormat} = request;
  const row = TEMPLATES[version];
  const start = row.toolCalls === 'none' ? undefined : tokenizer.controlId('[TOOL_CALLS]');
  const demanded = toolChoice !== 'auto' && toolChoice !== 'none';
  const callable = toolChoice === 'none' ? [] : calledTools(toolChoice, tools);
  if (demanded && start === undefined) {
    throw new Refusal('UnsupportedTokenizerFeatureException', `Template ${version} knows no tool calls.`, {
      param: 'tool_choice',
    });
  }
  if (demanded && isHeldFormat(responseFormat)) {
    throw new Refusal('InvalidRequestException', 'An answer in JSON and a demanded tool call exclude each other.', {
      param: 'tool_choice',
    });
  }
  const forbidden = toolChoice === 'none' && start !== undefined ? [start] : [];
  const calls = start === undefined || callable.length === 0 ? undefined : new CallGrammar(tokenizer, row, start);
  const think = row.thoughtBeforeForm === 'none' ? undefined : tokenizer.controlId('[THINK]');
  if (calls && demanded) {
    const root = `<[${start}]> ${yield* calls.body(callable, toolChoice === 'any' ? MAX_CALLS : 1)}`;
    return {...(yield* held(calls.rules, root, think, root)), forbidden};
  }
  if (isHeldFormat(responseFormat)) {
    const {rules, json, call} = yield* answerRules(responseFormat, tokenizer, calls, callable);
    const root = call === undefined ? json : `${json} | ${call}`;
    const thinksBeforeJson = row.thoughtBeforeForm === 'calls-and-json' || isToldToThink(request);
    return {...(yield* held(rules, root, think, thinksBeforeJson ? root : call)), forbidden};
  }
  if (!calls || start === undefined) return {forbidden};
  const body = yield* calls.body(callable, MAX_CALLS);
  return {grammar: {...(yield* calls.grammar(body)), after: start}, forbidden};
}

/**
 * What the schemas of a request ask for and its grammar cannot enforce, in words.
 * @throws EngineError `unsupported_schema` as `requireHeld`, for a strict form and for strict tools.
 */
export function* schemaNotes({
  tools = [],
  toolChoice,
  responseFormat,
}: {
  [Key in 'tools' | 'toolChoice' | 'responseFormat']?: ChatCompletionRequest[Key] | undefined;
}): Steps<readonly string[]> {
  const ofAnswer = responseFormat?.type === 'json_schema' ? yield* readOnce(responseFormat.schema) : NOTHING_READ;
  if (responseFormat?.type === 'json_schema' && responseFormat.strict) requireHeld(ofAnswer.unheld);
  const notes: string[] = [];
  let {work} = ofAnswer;
  const offered = toolChoice === 'none' ? [] : tools;
  for (const [index, {name, parameters, strict}] of offered.entries()) {
    const {unheld, work: own} = yield* readOnce(parameters);
    work += own;
    checkWork(work);
    if (strict) requireHeld(unheld, {param: `tools[${index}]`, of: name});
    notes.push(...unheld.map((one) => unheldNote({...one, pointer: `${name}#${one.pointer}`})));
    yield;
  }
  return [...new Set([...notes, ...ofAnswer.unheld.map(unheldNote)])];
}

interface Read {
  readonly unheld: readonly Unheld[];
  readonly work: number;
}

const NOTHING_READ: Read = {unheld: [], work: 0};

/** A route and the engine both ask. */
const READ = new WeakMap<object, Read>();

/** What of a schema no grammar here holds, and what its grammar takes. One that is refused elsewhere is not looked at. */
function* readOnce(schema: Json): Steps<Read> {
  const known = READ.get(schema as object);
  if (known) return known;
  if (excessOf(schema) !== undefined) return NOTHING_READ;
  const rules = new SchemaGrammar('call');
  yield* rules.valueOf(schema);
  const read = {unheld: rules.unheld, work: rules.work};
  if (isJsonObject(schema)) READ.set(schema, read);
  return read;
}

/**
 * @throws EngineError `unsupported_schema`, with the JSON pointer of each keyword, when a grammar would let an answer through
 * that the schema refuses.
 */
function requireHeld(unheld: readonly Unheld[], tool?: {readonly param: string; readonly of: string}): void {
  const limiting = unheld.filter(({isAnnotation}) => isAnnotation !== true);
  if (limiting.length === 0) return;
  throw new EngineError(
    'unsupported_schema',
    `${tool ? `a call of '${tool.of}'` : 'an answer'} cannot be held to this schema: ${limiting.map(unheldNote).join('; ')}`,
    {
      hint: 'Leave these keywords out, or ask for the schema without "strict".',
      param: tool?.param ?? 'response_format.json_schema.schema',
    },
  );
}

function calledTools(
  choice: Exclude<ChatCompletionRequest['toolChoice'], 'none' | undefined>,
  tools: readonly Tool[],
): readonly Tool[] {
  if (choice === 'auto') return tools;
  const called = choice === 'any' ? tools : tools.filter((tool) => tool.name === choice.name).slice(0, 1);
  if (called.length > 0) return called;
  const message =
    choice === 'any'
      ? 'A tool call is required, but no tools were given.'
      : `There is no tool "${choice.name}" to call.`;
  throw new Refusal('InvalidRequestException', message, {param: 'tool_choice'});
}

type HeldFormat = Exclude<ResponseFormat, {readonly type: 'text'}>;

function isHeldFormat(format: ResponseFormat | undefined): format is HeldFormat {
  return format !== undefined && format.type !== 'text';
}

/** The grammar of a root, and what a thought does to it: `behind` is what may follow one, undefined: none may come. */
function* held(
  rules: SchemaGrammar,
  root: string,
  think: Token | undefined,
  behind: string | undefined,
): Steps<Pick<GrammarPlan, 'grammar' | 'thoughtful'>> {
  const grammar = {gbnf: yield* rules.toGbnf(root)};
  if (think === undefined || behind === undefined) return {grammar};
  const opening = {gbnf: yield* rules.toGbnf(`<[${think}]> | ${root}`)};
  return {grammar, thoughtful: {opening, behind: {gbnf: yield* rules.toGbnf(behind)}}};
}

/** A model that thinks under its own system prompt was given it: the prompt of such models shows a thought. */
function isToldToThink({messages}: ChatCompletionRequest): boolean {
  return messages.some(
    ({role, content}) =>
      role === 'system' && typeof content === 'object' && content.some((chunk) => chunk.type === 'thinking'),
  );
}

/** JSON, and calls where the model may prefer them. */
function* answerRules(
  format: HeldFormat,
  tokenizer: Tokenizer,
  calls: CallGrammar | undefined,
  tools: readonly Tool[],
): Steps<{readonly rules: SchemaGrammar; readonly json: string; readonly call: string | undefined}> {
  const rules = calls?.rules ?? new SchemaGrammar('text');
  const value = yield* formRule(format, rules);
  return {
    rules,
    json: `${wordSpace(tokenizer)}${value}`,
    call: calls && `<[${calls.start}]> ${yield* calls.body(tools, MAX_CALLS)}`,
  };
}

/** The rule of a form. @throws Refusal for a schema that is none. */
function* formRule(format: HeldFormat, rules: SchemaGrammar): Steps<string> {
  if (format.type === 'json_object') return 'object';
  if (format.type === 'grammar') return rules.include(format.gbnf);
  const fault = schemaFault(format.schema);
  if (fault === undefined) {
    if (format.strict) requireHeld((yield* readOnce(format.schema)).unheld);
    return yield* rules.valueOf(format.schema);
  }
  throw new Refusal('InvalidRequestException', `The schema of the answer is no JSON schema: ${fault}.`, {
    param: 'response_format.json_schema.schema',
  });
}

/** What holds a text that goes on behind a prompt of any kind, from its first character on. @throws Refusal as above. */
export function* textGrammar(format: ResponseFormat | undefined): Steps<Grammar | undefined> {
  if (!isHeldFormat(format)) return undefined;
  const rules = new SchemaGrammar('text');
  return {gbnf: yield* rules.toGbnf(yield* formRule(format, rules))};
}

/** SPM begins every text with a word mark, which a grammar sees as a space. */
function wordSpace(tokenizer: Tokenizer): string {
  return tokenizer.family === 'spm' ? '" "? ' : '';
}

/** The calls of some tools in the form of one template row. */
class CallGrammar {
  readonly rules: SchemaGrammar;
  readonly start: Token;
  private readonly tokenizer: Tokenizer;
  private readonly row: TemplateRow;

  constructor(tokenizer: Tokenizer, row: TemplateRow, start: Token, rules = new SchemaGrammar('call')) {
    this.tokenizer = tokenizer;
    this.row = row;
    this.start = start;
    this.rules = rules;
  }

  *grammar(root: string): Steps<Grammar> {
    return {gbnf: yield* this.rules.toGbnf(root)};
  }

  /** One to `max` calls, behind the first [TOOL_CALLS] token. */
  *body(tools: readonly Tool[], max: number): Steps<string> {
    const isJson = this.row.toolCalls === 'json' || this.row.toolCalls === 'json-id';
    const each: string[] = [];
    for (const tool of tools) {
      each.push(yield* isJson ? this.jsonCall(tool) : this.argsCall(tool));
      yield;
    }
    const call = this.rules.add(each.join(' | '));
    const space = wordSpace(this.tokenizer);
    const more = (separator: string): string => (max > 1 ? ` (${separator} ${call}){0,${max - 1}}` : '');
    return isJson ? `${space}"[" sp ${call}${more('"," sp')} sp "]"` : `${call}${more(`<[${this.start}]>`)}`;
  }

  private *jsonCall(tool: Tool): Steps<string> {
    const member = (key: string, value: string): string => `${literal(JSON.stringify(key))} ":" sp ${value}`;
    const id = this.row.toolCalls === 'json-id' ? ` ("," sp ${member('id', '"\\"" [a-zA-Z0-9]{9} "\\""')})?` : '';
    const name = member('name', literal(JSON.stringify(tool.name)));
    return this.rules.add(`"{" sp ${name} "," sp ${member('arguments', yield* this.arguments(tool))}${id} sp "}"`);
  }

  private *argsCall(tool: Tool): Steps<string> {
    const space = wordSpace(this.tokenizer);
    const callId = this.row.toolCalls === 'args-id' ? this.tokenizer.controlId('[CALL_ID]') : undefined;
    const id = callId === undefined ? '' : `(<[${callId}]> ${space}[a-zA-Z0-9]{9})? `;
    const args = this.tokenizer.controlId('[ARGS]');
    if (args === undefined) {
      throw new Refusal('UnsupportedTokenizerFeatureException', "The model's vocabulary has no token [ARGS].");
    }
    return this.rules.add(`${space}${literal(tool.name)} ${id}<[${args}]> ${space}${yield* this.arguments(tool)}`);
  }

  /** Arguments are always an object, whatever a schema leaves open. */
  private *arguments(tool: Tool): Steps<string> {
    const {parameters} = tool;
    const schema =
      isJsonObject(parameters) && !parameters.has('type')
        ? new Map([...parameters, ['type', 'object'] as const])
        : parameters;
    return yield* this.rules.valueOf(schema);
  }
}
