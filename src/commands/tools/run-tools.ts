// What `mistral tools` does once its flags are read: ask, show or run the calls, ask again.

import {EngineError} from '../../base/errors.ts';
import {atOnce} from '../../base/in-turns.ts';
import {parseJson} from '../../base/json.ts';
import type {Backend, GenerationEvent, ParsedToolCall} from '../../engine/contract/backend.ts';
import {type Answer, collectAnswer} from '../../engine/contract/collect-answer.ts';
import type {ChatCompletionRequest, Message, Tool, ToolChoice} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {Conversation} from '../../engine/conversation/conversation.ts';
import {DEFAULT_SYSTEM} from '../../engine/conversation/own-system.ts';
import type {McpServers} from '../../engine/mcp/mcp-servers.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {readToolFile} from '../../engine/wire/read-tools.ts';
import type {ToolCommand} from '../../ui/chat/tool-registry.ts';
import {answerObject} from '../../ui/plain/answer-json.ts';
import {endNotes, ThoughtLines} from '../../ui/plain/write-answer.ts';
import type {Io} from '../host/io.ts';
import {promptFrom, readTextFile, textOrFile} from '../host/text-input.ts';
import {MOST_ROUNDS, pipedTools, runAllowed} from '../mcp/piped-tools.ts';
import type {EngineFlags, McpFlags, ThoughtFlags} from '../options.ts';
import {allowedNames, childEnvironment, withheldNames} from '../processes/child-environment.ts';
import {parseToolCommand, runToolCommand} from './tool-command.ts';

export interface ToolsFlags extends EngineFlags, ThoughtFlags, McpFlags {
  readonly modelPath?: string;
  readonly tools?: string;
  readonly prompt: readonly string[];
  readonly system?: string;
  readonly toolChoice: string;
  readonly exec?: readonly string[];
  readonly env?: readonly string[];
  readonly shell?: true;
  /** Seconds. */
  readonly timeout: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Calls in a row before it is over. */
const COMMAND_ROUNDS = 8;

/** How the commands run, and whether the answer is an object. */
interface RunFlags extends ThoughtFlags {
  /** Names of secret variables that the commands see. */
  readonly env?: readonly string[];
  readonly shell?: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly json?: boolean;
  /** Members of the answer's object. */
  readonly told?: object;
}

/** What the flags ask for. Throws EngineError for unreadable tools and for names no tool has. */
export async function readToolsFlags(
  io: Io,
  flags: ToolsFlags,
  sampling: SamplingParams,
  servers?: McpServers,
): Promise<{request: ChatCompletionRequest; commands: readonly ToolCommand[]}> {
  const commands = (flags.exec ?? []).map(parseToolCommand);
  allowedNames(flags.env ?? [], io.env);
  const own = flags.tools === undefined ? [] : parseTools(await readTextFile(io, flags.tools), flags.tools);
  await servers?.settled();
  const tools = servers === undefined ? own : [...own, ...(await pipedTools(io.say, servers, ANY_MODEL, own))];
  for (const {name} of commands) requireTool(own, name, '--exec');
  const choice = toolChoice(flags.toolChoice, tools);
  for (const note of atOnce(schemaNotes({tools, toolChoice: choice}))) {
    io.say(`note: ${flags.tools === undefined ? '' : `${flags.tools}: `}${note}`);
  }
  return {request: {messages: await firstMessages(io, flags), tools, toolChoice: choice, sampling}, commands};
}

/** Before a model is open: as if it had tools and room for all of them. */
const ANY_MODEL = {id: '', contextSize: undefined, supportsTools: true};

/** The request with as many tools of servers as this model has room for. @throws EngineError `unsupported` */
export async function offered(
  io: Io,
  {model}: Backend,
  request: ChatCompletionRequest,
  servers: McpServers | undefined,
): Promise<ChatCompletionRequest> {
  if (servers === undefined) return request;
  const own = request.tools?.filter(({name}) => servers.origin(name) === undefined) ?? [];
  return {...request, tools: [...own, ...(await pipedTools(io.say, servers, model, own))]};
}

/** Whether calls of servers are run: when any is allowed to. Else they are shown. */
export function runsServers({allow}: ToolsFlags): boolean {
  return allow !== undefined;
}

/** Prints the calls as a JSON list; a text beside them goes to stderr. */
export async function showCalls(
  io: Io,
  backend: Backend,
  request: ChatCompletionRequest,
  {json = false, showThinking, told}: Pick<RunFlags, 'json' | 'showThinking' | 'told'>,
): Promise<void> {
  const answer = await collected(io, backend.chat(request, io.stop), showThinking).catch(
    afterShowing(json, (text) => io.say(`note: the model said: ${text.trim()}`)),
  );
  io.stop.throwIfAborted();
  if (json) return writeJson(io, backend, answer, told);
  io.printJson(`[${answer.toolCalls.map(callText).join(', ')}]\n`);
  if (answer.content.trim() !== '') io.say(`note: the model said: ${answer.content.trim()}`);
  noteEnd(io, backend, answer);
}

/**
 * Runs the calls, tells the model their results, and prints what it says in the end. A command that fails is told to
 * the model as well. Throws EngineError `tool_failed` after the answer when one failed or the calls never ended.
 */
export async function answerWithCommands(
  io: Io,
  backend: Backend,
  {messages, toolChoice, ...settings}: ChatCompletionRequest,
  commands: readonly ToolCommand[],
  {env: names = [], shell = false, timeout, json = false, showThinking, dropThoughts, told}: RunFlags,
  servers?: McpServers,
): Promise<void> {
  const note = (text: string) => io.say(`note: ${text}`);
  const how = {shell, timeoutMs: timeout * 1000, cwd: io.cwd, env: childEnvironment(io.env, names), note};
  const runTool = (call: ParsedToolCall, signal: AbortSignal) =>
    servers?.origin(call.name) === undefined || commands.some(({name}) => name === call.name)
      ? runToolCommand(commandOf(call, commands), call, {...how, signal})
      : runAllowed(io.say, servers, call, signal);
  const maxToolRounds = servers === undefined ? COMMAND_ROUNDS : MOST_ROUNDS;
  // A forced call is forced once: the model must be free to answer with the result.
  let choice = toolChoice;
  const nextChoice = () => {
    const now = choice;
    choice = 'auto';
    return now === undefined ? {} : {toolChoice: now};
  };
  const conversation = new Conversation({
    backend,
    settings: () => ({...settings, ...nextChoice()}),
    runTool,
    maxToolRounds,
    dropThoughts: () => dropThoughts === true,
  });
  const failures: string[] = [];
  const turn = async function* (): AsyncGenerator<GenerationEvent> {
    for await (const event of conversation.send(messages, io.stop)) {
      if (event.type !== 'tool_result') {
        // What does not fit is refused here.
        if (event.type !== 'context') yield event;
      } else {
        if (event.failed) failures.push(event.call.name);
        io.say(resultLine(event.call, event.content));
      }
    }
  };
  const answer = await collected(io, turn(), showThinking).catch(afterShowing(json, (text) => io.print(`${text}\n`)));
  io.stop.throwIfAborted();
  if (json) writeJson(io, backend, answer, told);
  else io.print(`${answer.content}\n`);
  noteEnd(io, backend, answer);
  if (failures.length > 0) {
    const withheld = withheldNames(io.env, names).join(', ');
    throw new EngineError('tool_failed', `calls failed: ${failures.join(', ')}`, {
      ...(withheld !== '' && {hint: `Commands do not see ${withheld}; --env NAME passes one on.`}),
    });
  }
  if (answer.finish.reason === 'tool_calls') {
    throw new EngineError('tool_failed', `the model kept calling tools after ${maxToolRounds} rounds`);
  }
}

/** Shows what had come of an answer that broke off; in JSON it is in the object of the error. Throws that error. */
function afterShowing(json: boolean, show: (text: string) => void): (error: unknown) => never {
  return (error) => {
    const content = error instanceof EngineError ? (error.partial?.content ?? '') : '';
    if (!json && content.trim() !== '') show(content);
    throw error;
  };
}

/** The whole answer; its thoughts on stderr as they come, where they are asked for. */
async function collected(
  io: Io,
  events: AsyncIterable<GenerationEvent>,
  showThinking: true | undefined,
): Promise<Answer> {
  const thought = new ThoughtLines(io.say);
  return await collectAnswer(events, (event) => {
    if (showThinking) thought.take(event);
  }).finally(() => thought.end());
}

function resultLine({name, arguments: args}: ParsedToolCall, content: string): string {
  return `${name} ${args} -> ${content}`;
}

function commandOf({name}: ParsedToolCall, commands: readonly ToolCommand[]): ToolCommand {
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) throw new EngineError('tool_failed', `no command is set for ${name}; set one with --exec`);
  return command;
}

/** A tools.json. @throws EngineError `invalid_request` with the field at fault. */
export function parseTools(text: string, file: string): readonly Tool[] {
  try {
    return readToolFile(parseJson(text));
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new EngineError('invalid_request', `${file} is not a list of tools: ${cause.message}`, {
      hint: 'Write a JSON list of {"name", "description", "parameters"}, or OpenAI\'s form of it.',
      cause,
    });
  }
}

/** A model's own system prompt is known when the model is. */
async function firstMessages(io: Io, {system, prompt}: ToolsFlags): Promise<readonly Message[]> {
  const user: Message = {role: 'user', content: await promptFrom(io, prompt)};
  if (system === undefined || system === DEFAULT_SYSTEM) return [user];
  return [{role: 'system', content: await textOrFile(io, system)}, user];
}

function toolChoice(choice: string, tools: readonly Tool[]): ToolChoice {
  if (choice === 'auto' || choice === 'none' || choice === 'any') return choice;
  if (choice === 'required') return 'any';
  requireTool(tools, choice, '--tool-choice');
  return {name: choice};
}

function requireTool(tools: readonly Tool[], name: string, flag: string): void {
  if (tools.some((tool) => tool.name === name)) return;
  const known = tools.map((tool) => tool.name).join(', ');
  throw new EngineError('usage', `${flag}: there is no tool ${name}`, {hint: `Tools in the file: ${known}`});
}

/** Arguments stand as the JSON they are; damaged ones as a string beside the reason. */
function callText({id, name, arguments: args, problem}: ParsedToolCall): string {
  const head = `{"id": ${JSON.stringify(id)}, "name": ${JSON.stringify(name)}, "arguments": `;
  return problem === undefined
    ? `${head}${args}}`
    : `${head}${JSON.stringify(args)}, "problem": ${JSON.stringify(problem)}}`;
}

function writeJson(io: Io, backend: Backend, answer: Answer, told: object = {}): void {
  io.json({...answerObject(answer, backend.model), ...told});
}

function noteEnd(io: Io, backend: Backend, answer: Answer): void {
  for (const note of endNotes(answer.finish, backend.model)) io.say(note);
}
