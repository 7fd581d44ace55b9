// A real `mistral serve` as a process of its own whose answers are scripted: it is a gateway to a server with a scripted model.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Message, Tool} from '../../../src/engine/contract/requests.ts';
import {createApp} from '../../../src/serve/app.ts';
import {type Call, ScriptedBackend, type Step} from '../../fakes/scripted-backend.ts';
import {OPTIONS} from '../../serve/app-options.ts';

export interface Twin {
  /** Without a path. */
  readonly url: string;
  /** What answers behind the process: its `requests` are those that arrived there. */
  readonly upstream: ScriptedBackend;
  /** Ends both. */
  close(): Promise<void>;
}

const STARTS_WITHIN_MS = 30_000;

/**
 * Starts the program at `programPath` with `args` behind `serve`.
 * @throws Error with its stderr if it is not there in 30 s.
 */
export async function startTwin(programPath: string, args: readonly string[] = []): Promise<Twin> {
  const upstream = new ScriptedBackend(twinAnswer, {contextSize: 65_536});
  const options = {...OPTIONS, slots: 4, maxQueue: 32, bodyLimit: 10_000_000};
  const {app} = await createApp(Promise.resolve(upstream), options);
  const behind = await app.listen({port: 0, host: '127.0.0.1'});
  const folder = mkdtempSync(join(tmpdir(), 'twin-'));
  const env = {...process.env, MISTRAL_STATE_DIR: folder};
  const argv = [programPath, 'serve', '--url', `${behind}/v1`, '--port', '0', '--parallel', '4', ...args];
  const child = spawn(process.execPath, argv, {stdio: ['ignore', 'ignore', 'pipe'], env});
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const left = once(child, 'exit');
      child.kill('SIGKILL');
      await left;
    }
    await app.close();
    rmSync(folder, {recursive: true});
  };
  try {
    return {url: await listeningUrl(child), upstream, close};
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where a server says it listens. @throws Error with its stderr if it does not in 30 s. */
export function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    const timer = setTimeout(() => reject(new Error(`it does not listen: ${stderr}`)), STARTS_WITHIN_MS);
    child.once('exit', () => reject(new Error(`it ended: ${stderr}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const url = /at (http:\S+)/.exec(stderr)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

const PARIS = '{"city": "Paris"}';
const ROME = '{"city": "Rome"}';
/** What the command that an agent is told to run prints; the answer quotes it. */
export const COMMAND = 'echo loop-$((40 + 2))';
/** The tools by which agents run a command, and the name of the member that has it. */
const SHELLS: Readonly<Record<string, string>> = {exec_command: 'cmd', shell_command: 'command', Bash: 'command'};

/** By what was said last: a call, the end of its result told, a thought, a text in JSON, words without end, or a greeting. */
function twinAnswer({request}: Call): Iterable<Step> {
  const messages: readonly Message[] = 'messages' in request ? request.messages : [];
  const tools: readonly Tool[] = 'tools' in request ? (request.tools ?? []) : [];
  const last = messages.at(-1);
  const text = typeof last?.content === 'string' ? last.content : '';
  if (last?.role === 'tool') return ['The tool says: ', text];
  if (text.includes('run the command')) return shellCall(tools);
  if (text.includes('both cities')) return [weatherCall('aB3dE5fG7', PARIS), weatherCall('bC4eF6gH8', ROME), CALLED];
  if (text.includes('weather')) return ['I ask.', weatherCall('aB3dE5fG7', PARIS), CALLED];
  if (text.includes('think')) return [{type: 'reasoning', text: 'Two and two.'}, 'It is ', '4.'];
  if (text.includes('as JSON')) return ['{"city": ', '"Paris"}'];
  if (text.includes('say nothing')) return [];
  if (text.includes('for ever')) return forEver();
  return ['Hello', ' there', '.'];
}

const CALLED = {finish: 'tool_calls'} as const;

function weatherCall(id: string, args: string): Step {
  return {type: 'tool_call', call: {id, name: 'get_weather', arguments: args}};
}

/** The command, by the first tool offered that runs one. */
function shellCall(tools: readonly Tool[]): Step[] {
  const tool = tools.find(({name}) => SHELLS[name] !== undefined);
  const member = tool && SHELLS[tool.name];
  if (tool === undefined || member === undefined) return ['No tool runs commands.'];
  const args = JSON.stringify({[member]: COMMAND, ...(member === 'command' && {description: 'Prints a word'})});
  return [{type: 'tool_call', call: {id: 'aB3dE5fG7', name: tool.name, arguments: args}}, CALLED];
}

/** A word every 20 ms until the client leaves or the limit of tokens is reached. */
function* forEver(): Generator<Step> {
  const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (;;) {
    yield 'word ';
    yield wait;
  }
}
