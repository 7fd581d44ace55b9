// Opens the model, connects the worker to its server, and stops it on signals: first gently, then at once.

import {hostname} from 'node:os';
import {EngineError} from '../../base/errors.ts';
import {isHttpAddress} from '../../base/http/address/host-kinds.ts';
import {AimeApi} from '../../serve/worker/aime-api.ts';
import {Worker} from '../../serve/worker/aime-worker.ts';
import type {Io} from '../host/io.ts';
import {openBackend} from '../open-model/open-backend.ts';
import type {EngineFlags} from '../options.ts';
import {describeWorker} from './describe-worker.ts';

export interface WorkerFlags extends EngineFlags {
  readonly modelPath?: string;
  readonly apiServer: string;
  readonly jobType: string;
  readonly authKey?: string;
  readonly authKeyOverHttp?: true;
  readonly maxBatchSize: number;
  readonly name?: string;
  /** Seconds. */
  readonly grace: number;
  /** Seconds. */
  readonly apiTimeout: number;
}

const PROGRESS_MS = 200;
const POLL_MS = 1000;
/** Longest step of the engine that nobody need hear of. */
const STEP_MS = 120_000;

/** @throws EngineError when the model cannot be loaded or the server refuses this worker. */
export async function runWorker(io: Io, model: string | undefined, flags: WorkerFlags): Promise<void> {
  const {apiServer, jobType, maxBatchSize, name = `${hostname()}#${process.pid}`} = flags;
  const authKey = flags.authKey ?? io.env.MISTRAL_WORKER_KEY;
  if (!authKey) throw new EngineError('usage', 'the key is missing', {hint: 'Give --auth-key or $MISTRAL_WORKER_KEY.'});
  if (!isHttpAddress(apiServer)) {
    throw new EngineError('usage', `--api-server: '${apiServer}' is not an http address`, {
      hint: 'Give one such as http://aime:7777.',
    });
  }
  const onStall = (stalled: boolean) =>
    io.say(
      stalled ? `a step of the engine takes longer than ${STEP_MS / 1000} s` : 'the long step of the engine has ended',
    );
  const watch = {limitMs: STEP_MS, onStall};
  const backend = await openBackend(io, model, flags, {slots: maxBatchSize, watch, tellCrash: false});
  const url = apiServer.replace(/\/+$/, '');
  const keyOverHttp = {flag: '--auth-key-over-http', insists: flags.authKeyOverHttp === true};
  const callMs = flags.apiTimeout * 1000;
  const api = new AimeApi(
    {url, env: io.env, jobType, authKey, keyOverHttp, name, pollMs: POLL_MS, callMs, log: io.say},
    describeWorker(backend.model, maxBatchSize),
  );
  const worker = new Worker(backend, api, {slots: maxBatchSize, progressMs: PROGRESS_MS, log: io.say});
  const [stop, kill] = [new AbortController(), new AbortController()];
  const release = io.captureInterrupt(() => {
    if (stop.signal.aborted) kill.abort();
    stop.abort();
    setTimeout(() => kill.abort(), flags.grace * 1000).unref();
  }, ['SIGINT', 'SIGTERM']);
  try {
    io.say(`worker ${name} computes '${jobType}' for ${url} with ${backend.model.id} (${maxBatchSize} at a time)`);
    await worker.work(stop.signal, kill.signal);
  } finally {
    release();
    await api.close();
    await backend.close();
  }
}
