// `--schema`: the JSON schema that every answer of a pipe fits, and what is written of an answer that was held to it.
import {EngineError} from '../../base/errors.ts';
import {atOnce} from '../../base/in-turns.ts';
import {dumpsJson, type Json, parseJson} from '../../base/json.ts';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import {type Answer, collectAnswer} from '../../engine/contract/collect-answer.ts';
import type {ResponseFormat} from '../../engine/contract/requests.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {fitsSchema} from '../../engine/template/grammar/schema/check-value.ts';
import {schemaFault} from '../../engine/wire/schema-fault.ts';
import {answerEvents, endNotes, type PlainEvent, ThoughtLines} from '../../ui/plain/write-answer.ts';
import {contextNotes} from '../../ui/rows/context-note.ts';
import type {Io} from '../host/io.ts';
import {readTextFile} from '../host/text-input.ts';

type SchemaForm = Extract<ResponseFormat, {readonly type: 'json_schema'}>;

/** Some other programs take fields with their types: `name, age int`. */
const SHORT_FORM = /^\s*[\w-]+(\s+(int|float|bool|str|string|number))?\s*(,|\s(int|float|bool|str)\b|$)/;

/**
 * The form of all answers, from JSON (which begins with `{`) or from a file of it. `isLoose`: what cannot be held is told.
 * @throws EngineError `usage` for what is no JSON schema, `unsupported_schema` with the JSON pointers of what no grammar can
 * hold, and as `readTextFile`.
 */
export async function readAnswerSchema(io: Io, value: string, isLoose: boolean): Promise<SchemaForm> {
  const isInline = value.trimStart().startsWith('{');
  const where = isInline ? '--schema' : `--schema ${value}`;
  const schema = parsed(isInline ? value : await schemaFile(io, value), where);
  const fault = schemaFault(schema);
  if (fault !== undefined) throw new EngineError('usage', `${where} is no JSON schema: ${fault}`);
  if (isLoose) {
    for (const note of atOnce(schemaNotes({responseFormat: {type: 'json_schema', schema}})))
      io.say(`note: ${where}: ${note}`);
    return {type: 'json_schema', schema};
  }
  try {
    atOnce(schemaNotes({responseFormat: {type: 'json_schema', schema, strict: true}}));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, {
      hint: 'Leave these keywords out, or add --schema-loose: answers may then break them.',
    });
  }
  return {type: 'json_schema', schema, strict: true};
}

async function schemaFile(io: Io, path: string): Promise<string> {
  try {
    return await readTextFile(io, path);
  } catch (error) {
    if (!(error instanceof EngineError) || !SHORT_FORM.test(path) || /[/.]/.test(path)) throw error;
    throw new EngineError('usage', `--schema takes a file or JSON, and there is no file ${path}`, {
      hint: 'Write the schema out: --schema \'{"type": "object", "properties": {"name": {"type": "string"}}}\'.',
      cause: error,
    });
  }
}

function parsed(text: string, where: string): Json {
  try {
    return parseJson(text, {nonFinite: false});
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError('usage', `${where}: ${error.message}`, {cause: error});
  }
}

/**
 * Writes one answer as one line of JSON. One that was cut, or that a server gave without holding to the schema, is not on
 * stdout but on stderr. Returns whether it was written.
 */
export async function writeHeldAnswer(
  io: Io,
  events: AsyncIterable<PlainEvent>,
  {schema, model, thoughts}: {readonly schema: Json; readonly model: ModelInfo; readonly thoughts: boolean},
): Promise<boolean> {
  const thought = new ThoughtLines((line) => io.say(line));
  const ofAnswer = answerEvents(events, (event) => {
    for (const note of contextNotes(event, model.contextSize)) io.say(note);
  });
  const answer = await collectAnswer(ofAnswer, (event) => {
    if (thoughts) thought.take(event);
  }).finally(() => thought.end());
  io.stop.throwIfAborted();
  const json = jsonOf(answer, schema);
  if (json !== undefined) io.printJson(`${dumpsJson(json)}\n`);
  else if (answer.content.trim() !== '') io.sayText(answer.content);
  for (const note of endNotes(answer.finish, model)) io.say(note);
  if (json === undefined && answer.finish.reason === 'stop') io.say('note: the answer does not fit the schema');
  return json !== undefined;
}

/** The answer as JSON; undefined for one that was cut or does not fit. */
export function jsonOf({content, finish}: Answer, schema: Json): Json | undefined {
  return finish.reason === 'stop' ? fittingJson(content, schema) : undefined;
}

/** A text as JSON; undefined for one that is none or does not fit. */
export function fittingJson(text: string, schema: Json): Json | undefined {
  try {
    const json = parseJson(text, {nonFinite: false});
    return fitsSchema(schema, json) ? json : undefined;
  } catch {
    // No JSON: a server that does not hold its answers to schemas.
    return undefined;
  }
}
