// Starts the processes of models and ends them; whatever this process dies of, they do not outlive it.
import {type ChildProcess, fork} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {EngineError} from '../../../base/errors.ts';
import type {ReachableModel} from '../../../serve/router/forward.ts';
import type {Io} from '../../host/io.ts';
import {guard, newMark} from '../../processes/guard.ts';
import {crashLine} from '../supervise.ts';
import type {DescribedModel, DescribeJob, Job, JobAnswer, ServeJob} from './jobs.ts';

const PROGRAM = fileURLToPath(new URL('./model-program.js', import.meta.url));
/** For a process that was asked to end. */
const END_MS = 5000;
/** The longest path that a socket may have on every system. */
const MOST_PATH = 103;

interface Started {
  readonly child: ChildProcess;
  /** The first answer. */
  readonly answer: Promise<JobAnswer>;
  /** How it ended, for people. */
  readonly over: Promise<string>;
  end(): void;
}

function start(job: Job, onAnswer: (answer: JobAnswer) => void = () => {}): Started {
  const {mark, variable} = newMark();
  const {watch, release} = guard({signal: 'SIGTERM', graceMs: END_MS, mark});
  const child = fork(PROGRAM, [], {stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: {...process.env, ...variable}});
  if (child.pid !== undefined) watch(child.pid);
  const over = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `code ${code}` : (crashLine(signal) ?? signal)));
  });
  let killer: NodeJS.Timeout | undefined;
  void over.then(() => {
    clearTimeout(killer);
    release();
  });
  const answer = new Promise<JobAnswer>((resolve, reject) => {
    child.on('message', (message: JobAnswer) => {
      resolve(message);
      onAnswer(message);
    });
    void over.then((how) => reject(new EngineError('engine_failed', `its process ended (${how})`)));
  });
  // Whoever waits for `over` alone hears of it there.
  answer.catch(() => {});
  child.send(job, () => {});
  const end = () => {
    child.kill('SIGTERM');
    killer ??= setTimeout(() => child.kill('SIGKILL'), END_MS);
  };
  return {child, answer, over, end};
}

/** @throws EngineError where the process could not look at the files. */
export async function describeModels(
  job: DescribeJob,
): Promise<{models: readonly DescribedModel[]; notes: readonly string[]}> {
  const answer = await start(job).answer;
  if (answer.kind === 'described') return answer;
  throw failureIn(answer);
}

export interface ProcessHost {
  readonly io: Io;
  /** A folder of this user alone, for the sockets. */
  readonly folder: string;
  /** Told what a model measured until it ended. */
  readonly onMetrics: (id: string, text: string) => void;
}

/**
 * Loads a model in a process of its own.
 * @throws EngineError with the reason why it cannot be loaded; the signal's reason.
 */
export async function startModel(
  {io, folder, onMetrics}: ProcessHost,
  job: Omit<ServeJob, 'socketPath'>,
  signal: AbortSignal,
): Promise<ReachableModel> {
  const {model} = job;
  const key = randomUUID();
  const socketPath =
    process.platform === 'win32' ? `\\\\.\\pipe\\mistral-${randomUUID()}` : join(folder, randomUUID().slice(0, 8));
  if (process.platform !== 'win32' && socketPath.length > MOST_PATH) {
    throw new EngineError('io', `the path of a socket is too long: ${socketPath}`, {
      hint: 'Set TMPDIR to a shorter one.',
    });
  }
  // What the router does for all of them.
  const own = {apiKeys: [key], checkHost: false, allowedHosts: [], corsOrigins: [], logPrompts: false};
  const full: ServeJob = {...job, socketPath, app: {...job.app, ...own}};
  const {answer, over, end} = start(full, (said) => {
    if (said.kind === 'metrics') onMetrics(model.id, said.text);
  });
  const isOver = over.then((how) => {
    if (process.platform !== 'win32') rmSync(socketPath, {force: true});
    return how;
  });
  signal.addEventListener('abort', end, {once: true});
  try {
    const first = await answer;
    if (first.kind !== 'listening') throw failureIn(first, model);
  } catch (error) {
    end();
    await isOver;
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
  let isAsked = false;
  void isOver.then((how) => {
    if (!isAsked)
      io.say(`error: the process of the model ${model.id} ended ${how}; the next request for it starts another`);
  });
  return {
    socketPath,
    key,
    over: isOver.then(() => {}),
    end: () => {
      isAsked = true;
      end();
    },
  };
}

/** Clients hear of it: the file is named as they know it. */
function failureIn(answer: JobAnswer, model?: DescribedModel): EngineError {
  if (answer.kind !== 'failed') return new EngineError('internal', 'the process of a model answered another question');
  const words = (text: string) => (model ? text.replaceAll(model.path, `'${model.id}'`) : text);
  const {code, message, hint} = answer;
  return new EngineError(code, words(message), hint === undefined ? {} : {hint: words(hint)});
}
