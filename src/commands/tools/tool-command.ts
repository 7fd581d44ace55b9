// Runs a tool call as a local command: arguments as JSON on its stdin, its output as the result. No shell unless asked.
import {EngineError} from '../../base/errors.ts';
import {within} from '../../base/signals.ts';
import {sanitise} from '../../base/terminal-text.ts';
import type {ToolCall} from '../../engine/contract/requests.ts';
import type {ToolCommand} from '../../ui/chat/tool-registry.ts';
import {runToEnd} from '../processes/run-to-end.ts';

export interface ToolCommandOptions {
  /** Hand the line to `sh -c` instead of splitting it into words. */
  readonly shell: boolean;
  readonly timeoutMs: number;
  readonly cwd: string;
  /** What the command sees of the environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Hears what a person should know of a command that did its work. */
  readonly note: (text: string) => void;
}

/** What a model gets to read of one result at most. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** `name=command …`. Throws EngineError `usage` for anything else. */
export function parseToolCommand(text: string): ToolCommand {
  const match = /^([A-Za-z0-9_-]+)=\s*(\S[\s\S]*)$/.exec(text);
  const [, name, line] = match ?? [];
  if (!name || !line) {
    throw new EngineError('usage', `${text} is not of the form NAME=COMMAND`, {
      hint: "Write 'get_weather=./weather.sh'.",
    });
  }
  return {name, line};
}

/**
 * Runs the command and returns its output without control characters and final newlines, cut after 64 KiB. It is over
 * when it exits; what it leaves running is ended, and `note` hears of it.
 * @throws EngineError `tool_failed` when it cannot start, fails, or takes longer than `timeoutMs`; the signal's reason,
 * within a second of its abort.
 */
export async function runToolCommand(
  {name, line}: ToolCommand,
  call: ToolCall,
  {shell, timeoutMs, cwd, env, signal, note}: ToolCommandOptions,
): Promise<string> {
  const [program = '', ...args] = shell ? ['sh', '-c', line] : splitWords(line);
  signal.throwIfAborted();
  const ended = await within({of: [signal], ms: timeoutMs}, (limit) =>
    runToEnd(program, args, {cwd, env, input: call.arguments, signal: limit, maxBytes: MAX_OUTPUT_BYTES}),
  ).catch((cause: unknown) => {
    throw failed(name, `cannot be run: ${whyNot(cause, program)}`, cause);
  });
  const {exit, left} = ended;
  if (left === 'running') note(`the tool ${name} left a process running that could not be ended`);
  else if (left === 'ended' && exit !== undefined) note(`the tool ${name} left processes running; they were ended`);
  signal.throwIfAborted();
  if (exit === undefined) throw failed(name, `took longer than ${timeoutMs / 1000} s`);
  const [output, complaint] = [clean(ended.output), clean(ended.complaint)];
  if (exit.code !== 0) {
    const how = exit.code === null ? `was killed by ${exit.signal}` : `ended with exit code ${exit.code}`;
    throw failed(name, `${how}: ${lastLine(complaint) || lastLine(output) || 'it wrote nothing'}`);
  }
  return output.trimEnd();
}

/** The system's reason in words, for those that a person can do something about. */
function whyNot(cause: unknown, program: string): string {
  const {code, message} = cause as NodeJS.ErrnoException;
  if (program === '') return 'the command is empty';
  const reason = {
    ENOENT: `there is no program ${program}, or not the folder to run it in`,
    EACCES: `${program} may not be executed; is it a program, and is its x bit set (chmod +x)?`,
    ENOEXEC: `${program} is no program of this machine; a script needs a first line such as #!/bin/sh`,
    E2BIG: 'the command or the environment is too long for this system',
    ENOTDIR: `a part of the path ${program} is no folder`,
    ELOOP: `the path ${program} goes through too many links`,
    EAGAIN: 'this user may not start more processes',
    EMFILE: 'this program may not open more files (ulimit -n)',
  }[code ?? ''];
  return reason ?? message;
}

/** Splits a command line into words: blanks separate, quotes and backslashes keep them together. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"\\]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S])+)/y;
  let end = 0;
  for (let match = word.exec(line); match; match = word.exec(line)) {
    words.push((match[1] ?? '').replace(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, unquote));
    end = word.lastIndex;
  }
  if (line.slice(end).trim() !== '') throw new EngineError('usage', `unclosed quote in the command: ${line}`);
  return words;
}

function unquote(_whole: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
}

function clean(bytes: Buffer): string {
  return sanitise(new TextDecoder().decode(bytes));
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function failed(name: string, what: string, cause?: unknown): EngineError {
  return new EngineError('tool_failed', `the command of the tool ${name} ${what}`, {cause});
}
