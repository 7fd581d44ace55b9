// What the process of one model does: it looks at files, or has one model open and answers the router on a socket.
import {setTimeout as sleep} from 'node:timers/promises';
import {EngineError} from '../../../base/errors.ts';
import type {Backend} from '../../../engine/contract/backend.ts';
import {SystemBackend} from '../../../engine/conversation/system-backend.ts';
import {preflight} from '../../../engine/gguf/preflight.ts';
import {openVocabulary} from '../../../engine/local/open-local.ts';
import {createApp} from '../../../serve/app.ts';
import {stepWatch} from '../../../serve/engine-watch.ts';
import {keptRenderings} from '../../host/folders.ts';
import type {Io} from '../../host/io.ts';
import {chosenSettings} from '../../open-model/chosen-settings.ts';
import {openBackend} from '../../open-model/open-backend.ts';
import {systemOf} from '../../open-model/recommended.ts';
import {serverLog} from '../server-log.ts';
import {untilSignal} from '../until-signal.ts';
import {describe} from './describe.ts';
import type {Job, JobAnswer, ServeJob} from './jobs.ts';

/** For freeing the engine at the end. */
const CLOSE_MS = 2000;

/** Does what the router asked for; the process ends with it. Never throws. */
export async function runJob(io: Io, job: Job): Promise<void> {
  let code = 0;
  try {
    if (job.kind === 'describe') await tell(describe(io, job));
    else await serve(io, job);
  } catch (error) {
    code = 1;
    // The router has asked it to end, and hears that it has.
    if (io.stop.aborted) return process.exit(code);
    const known = error instanceof EngineError ? error : new EngineError('internal', String(error));
    const {message, hint} = known;
    if (known.code === 'internal') io.sayText(error instanceof Error ? (error.stack ?? '') : String(error));
    await tell({kind: 'failed', code: known.code, message, ...(hint !== undefined && {hint})});
  }
  process.exit(code);
}

/** Resolves when the router has it, or is gone. */
function tell(answer: JobAnswer): Promise<void> {
  return new Promise((resolve) => {
    if (process.send && process.connected) process.send(answer, () => resolve());
    else resolve();
  });
}

/** @throws EngineError when the model cannot be loaded, or its engine breaks down. */
async function serve(io: Io, job: ServeJob): Promise<void> {
  const {flags, app: options, socketPath, stepMs, model} = job;
  const logger = serverLog(io, {model: model.id});

  let open = (_backend: Backend) => {};
  const ready = new Promise<Backend>((resolve) => {
    open = resolve;
  });
  const {app, service} = await createApp(ready, {...options, behindRouter: true, logger});
  const watch = stepWatch(service, logger, stepMs);
  const backend = await withSystem(io, job.countsOnly ? vocabulary(io, job) : await load(io, job, watch), flags.system);
  open(backend);
  try {
    await app.listen({path: socketPath});
    logger.level = flags.logLevel;
    await tell({kind: 'listening'});
    // Who ends it has waited for its answers already.
    await untilSignal(io, service, 0);
    await tell({kind: 'metrics', text: await service.metrics.registry.metrics()});
  } finally {
    await app.close();
    await Promise.race([backend.close(), sleep(CLOSE_MS)]);
  }
}

async function load(io: Io, {model, flags, app}: ServeJob, watch: ReturnType<typeof stepWatch>): Promise<Backend> {
  const {path, contextSize: ctx, kvType} = model;
  return await openBackend(
    io,
    path,
    {...flags, ctx, kvType},
    {slots: app.slots, watch, tellCrash: false, onProgress() {}},
  );
}

function vocabulary(io: Io, {model: {path, contextSize}, flags}: ServeJob): Backend {
  const settings = chosenSettings(flags);
  const kept = keptRenderings(io);
  return openVocabulary(preflight(path), {
    contextSize,
    ...(settings && {settings}),
    ...(kept && {keptRenderings: kept}),
  });
}

async function withSystem(io: Io, backend: Backend, flag: string | undefined): Promise<Backend> {
  const system = await systemOf(io, flag);
  return system ? new SystemBackend(backend, () => system(backend.model)) : backend;
}
