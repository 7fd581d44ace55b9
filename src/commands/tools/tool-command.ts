// Runs a tool call as a local command: arguments as JSON on its stdin, its output as the result. No shell unless asked.
import {type ChildProcess, spawn} from 'node:child_process';
import {EngineError} from '../../base/errors.ts';
import {within} from '../../base/signals.ts';
import {sanitise} from '../../base/terminal-text.ts';
import type {ToolCall} from '../../engine/contract/requests.ts';
import type {ToolCommand} from '../../ui/chat/tool-registry.ts';

export interface ToolCommandOptions {
  /** Hand the line to `sh -c` instead of splitting it into words. */
  readonly shell: boolean;
  readonly timeoutMs: number;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** What a model gets to read of one result at most. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** `name=command …`. Throws EngineError `usage` for anything else. */
export function parseToolCommand(text: string): ToolCommand {
  const match = /^([A-Za-z0-9_-]+)=\s*(\S[\s\S]*)$/.exec(text);
  const [, name, line] = match ?? [];
  if (!name || !line) {
    throw new EngineError('usage', `${text} does not name a tool and its command`, {
      hint: "Write 'get_weather=./weather.sh'.",
    });
  }
  return {name, line};
}

/**
 * Runs the command and returns its output without control characters and final newlines, cut after 64 KiB.
 * Throws EngineError `tool_failed` when it cannot start, fails, or takes longer than `timeoutMs`.
 */
export async function runToolCommand(
  {name, line}: ToolCommand,
  call: ToolCall,
  {shell, timeoutMs, cwd, signal}: ToolCommandOptions,
): Promise<string> {
  const [program = '', ...args] = shell ? ['sh', '-c', line] : splitWords(line);
  // A group of its own: whatever the command started ends with it.
  const child = spawn(program, args, {cwd, stdio: ['pipe', 'pipe', 'pipe'], detached: true});
  child.stdin.on('error', () => {}); // A command need not read its arguments.
  child.stdin.end(call.arguments);
  const [output, complaint] = [bounded(child.stdout), bounded(child.stderr)];
  const [end, isLate] = await within({of: [signal], ms: timeoutMs}, async (kill) => {
    const how = await ended(child, kill).catch((cause: Error) => {
      throw failed(name, `cannot be run: ${cause.message}`, cause);
    });
    return [how, kill.aborted];
  });
  signal.throwIfAborted();
  if (isLate) throw failed(name, `took longer than ${timeoutMs / 1000} s`);
  if (end !== 0) {
    const how = typeof end === 'number' ? `ended with exit code ${end}` : `was killed by ${end}`;
    throw failed(name, `${how}: ${lastLine(complaint()) || lastLine(output()) || 'it wrote nothing'}`);
  }
  return output().trimEnd();
}

/** The exit code or the killing signal of a child whose output is read; `kill` ends its whole group. */
function ended(child: ChildProcess, kill: AbortSignal): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const onKill = () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    kill.addEventListener('abort', onKill, {once: true});
    if (kill.aborted) onKill();
    child.on('error', reject);
    child.on('close', (code, killer) => {
      kill.removeEventListener('abort', onKill);
      resolve(code ?? killer);
    });
  });
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
  if (line.slice(end).trim() !== '') throw new EngineError('usage', `the command line has an open quote: ${line}`);
  return words;
}

function unquote(_whole: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
}

function bounded(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - size));
    size += chunk.length;
  });
  return () => sanitise(new TextDecoder().decode(Buffer.concat(chunks)));
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function failed(name: string, what: string, cause?: unknown): EngineError {
  return new EngineError('tool_failed', `the command of the tool ${name} ${what}`, {cause});
}
