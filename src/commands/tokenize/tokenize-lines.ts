// `mistral tokenize --jsonl` and `--decode`: each line of stdin is answered on its own, whatever the others were.
import {EngineError} from '../../base/errors.ts';
import {isJsonArray, isJsonNumber, type Json, type JsonMember, parseMembers} from '../../base/json.ts';
import type {Line} from '../../base/read-lines.ts';
import {unlessStopped} from '../../base/signals.ts';
import {Refusal} from '../../engine/contract/refusal.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {LoadedTokenizer} from '../../engine/template/load-tokenizer.ts';
import {PromptWriter} from '../../engine/template/prompt-writer.ts';
import {templateName} from '../../engine/template/version/detect.ts';
import {readToolFile} from '../../engine/wire/read-tools.ts';
import {toolCallObject} from '../../ui/plain/answer-json.ts';
import {drained, type Io} from '../host/io.ts';
import {stdinLines} from '../host/text-input.ts';
import {encodeInput} from './tokenize-input.ts';

type Members = ReadonlyMap<string, JsonMember>;

/** Answers every line of stdin that is not blank; a line that cannot be answered gets an error object. */
export async function answerLines(io: Io, loaded: LoadedTokenizer, task: 'encode' | 'decode'): Promise<void> {
  io.say(`template ${templateName(loaded.template)}: ${loaded.versionReason}`);
  const writer = new PromptWriter(loaded);
  const answer = task === 'encode' ? encodeLine : decodeLine;
  try {
    for await (const line of stdinLines(io)) {
      if (line.problem === undefined && line.text.trim() === '') continue;
      io.printJson(await answerLine(line, (members) => answer(writer, members)));
      await unlessStopped(drained(io), io.stop);
    }
  } finally {
    await writer.close();
  }
}

/** One line of output: what `answer` says, or its error, under the line's own id as it was written. */
async function answerLine(
  {text, valid, problem}: Line,
  answer: (members: Members) => Promise<object>,
): Promise<string> {
  let id = 'null';
  try {
    if (problem) throw problem;
    const members = parseMembers(text);
    id = members?.get('id')?.text ?? id;
    if (!valid) throw new EngineError('invalid_request', 'the line is not valid UTF-8');
    if (!members) throw new EngineError('invalid_request', 'the line is no JSON object');
    return `{"id":${id},${JSON.stringify(await answer(members)).slice(1)}\n`;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return `{"id":${id},"error":${JSON.stringify(errorObject(error))}}\n`;
  }
}

/** The code is mistral-common's exception class where the request is at fault, else the house's own code. */
function errorObject(error: EngineError): object {
  const {code, message, param} = error;
  return {code: error instanceof Refusal ? error.refusal : code, message, ...(param === undefined ? {} : {param})};
}

const KINDS = ['text', 'request', 'fim'] as const;

async function encodeLine(writer: PromptWriter, members: Members): Promise<{tokens: readonly Token[]}> {
  const given = KINDS.filter((kind) => members.has(kind));
  const [kind, other] = given;
  if (kind === undefined || other !== undefined) {
    throw new EngineError('invalid_request', 'the line needs exactly one of "text", "request" and "fim"');
  }
  const body = members.get(kind)?.value as Json;
  if (kind !== 'text') return {tokens: await encodeInput(writer, kind, body, maximum(members))};
  if (typeof body !== 'string') throw new EngineError('invalid_request', '"text" must be a string', {param: 'text'});
  return {tokens: writer.tokenizer.encode(body)};
}

function maximum(members: Members): number | undefined {
  const value = members.get('max_model_input_len')?.value ?? undefined;
  if (value === undefined) return undefined;
  const number = wholeNumber(value);
  if (number !== undefined) return number;
  throw new EngineError('invalid_request', '"max_model_input_len" must be a whole number', {
    param: 'max_model_input_len',
  });
}

async function decodeLine(writer: PromptWriter, members: Members): Promise<object> {
  const {tokenizer} = writer;
  const ids = readIds(members.get('ids')?.value);
  const decoder = tokenizer.decoder();
  const text = ids.map((id) => decoder.push(id)).join('') + decoder.end();
  const tools = members.get('tools')?.value ?? undefined;
  const prompt = members.get('prompt')?.value ?? undefined;
  const parser = await writer.reader({
    ...(tools !== undefined && {tools: readToolFile(tools)}),
    ...(prompt !== undefined && {prompt: readIds(prompt, 'prompt')}),
  });
  const events = ids.flatMap((id) => parser.push(id));
  // Without its end token an answer may have been cut, and half a call is no call.
  const end = parser.end(ids.at(-1) === tokenizer.eos ? 'stop' : 'length');
  const all = [...events, ...end.events];
  const message = {
    content: all.flatMap((event) => (event.type === 'text' ? event.text : [])).join(''),
    reasoning: all.flatMap((event) => (event.type === 'reasoning' ? event.text : [])).join(''),
    ...end.whole,
    tool_calls: all.flatMap((event) => (event.type === 'tool_call' ? toolCallObject(event.call) : [])),
  };
  return end.incomplete === undefined ? {text, message} : {text, message, incomplete: end.incomplete};
}

function readIds(value: Json | undefined, param = 'ids'): Token[] {
  const ids = isJsonArray(value) ? value.map(wholeNumber) : undefined;
  if (ids?.every((id) => id !== undefined)) return ids;
  throw new EngineError('invalid_request', `"${param}" must be a list of token ids`, {param});
}

function wholeNumber(value: Json): number | undefined {
  const number = isJsonNumber(value) ? Number(value.source) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
