// Runs a server of several models: looks at them, listens, loads each when it is asked for, and ends them all.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {formatBytes} from '../../../base/units.ts';
import {thisMachine} from '../../../engine/models/memory/machine.ts';
import {listenAt, shownUrl} from '../../../serve/listen/listen-at.ts';
import type {ReachableModel} from '../../../serve/router/forward.ts';
import {ModelPool} from '../../../serve/router/model-pool.ts';
import {createRouter} from '../../../serve/router/router-app.ts';
import {ServedModels} from '../../../serve/router/served-models.ts';
import type {Io} from '../../host/io.ts';
import {serverLog} from '../server-log.ts';
import {type ServeFlags, settings} from '../server-settings.ts';
import {untilSignal} from '../until-signal.ts';
import type {DescribedModel} from './jobs.ts';
import {candidates} from './local-models.ts';
import {describeModels, type ProcessHost, startModel} from './model-process.ts';

/** Of the memory that is free when the server starts. */
const MEMORY_SHARE = 0.8;
const KEEP_ALIVE_MS = 5 * 60_000;
/** Vocabularies are small: as many stay for as long as this. */
const VOCABULARIES = 2;
const VOCABULARY_MS = 60_000;

/** Flags that are about one model. */
const OF_ONE_MODEL = {
  modelPath: '--model-path',
  url: '--url',
  tokenizer: '--tokenizer',
  loraPath: '--lora-path',
  template: '--template',
  chatTemplate: '--chat-template',
  foreign: '--foreign',
} as const satisfies Partial<Record<keyof ServeFlags, string>>;

/** @throws EngineError `usage` for flags of one model, `model_not_found` where there is none, `io` when it cannot listen. */
export async function runRouter(io: Io, model: string | undefined, flags: ServeFlags): Promise<void> {
  refuseOne(model, flags);
  const {addresses, port, graceMs, stepMs, app: options, model: fromFile} = settings(io, {...flags, alias: []});
  if (fromFile !== undefined)
    io.say(`note: MODEL_PATH of the settings file is passed over, as --models says what is served`);
  const budget = flags.memory ?? Math.round(MEMORY_SHARE * thisMachine().freeRamBytes);
  const named = Array.isArray(flags.models) ? (flags.models as readonly string[]) : [];
  const job = {kind: 'describe', candidates: candidates(io, named, flags.quant), flags, budget} as const;
  const {models: found, notes} = await describeModels(job);
  for (const note of notes) io.say(`note: ${note}`);
  if (found.length === 0) {
    throw new EngineError('model_not_found', 'there is no model to serve', {hint: 'mistral pull NAME fetches one.'});
  }
  const models = new ServedModels(found, (flags.alias ?? []).map(pairOf));
  const folder = mkdtempSync(join(tmpdir(), 'mistral-'));
  const lastMetrics = new Map<string, string>();
  const processes: ProcessHost = {io, folder, onMetrics: (id, text) => lastMetrics.set(id, text)};
  const starter = (countsOnly: boolean) => async (id: string, signal: AbortSignal) => {
    if (!countsOnly) io.say(`loading ${id}`);
    const known = models.find(id) as DescribedModel;
    const running = await startModel(
      processes,
      {kind: 'serve', model: known, countsOnly, flags, app: {...options, tls: undefined}, stepMs},
      signal,
    );
    if (!countsOnly) io.say(`loaded ${id}`);
    return running;
  };
  const maxWaiting = options.slots + options.maxQueue;
  const pool = new ModelPool<ReachableModel>({
    models: found,
    budget,
    keepAliveMs: flags.keepAlive ?? KEEP_ALIVE_MS,
    maxWaiting,
    start: starter(false),
  });
  const vocabularies = new ModelPool<ReachableModel>({
    models: found.map(({id}) => ({id, bytes: 1})),
    budget: VOCABULARIES,
    keepAliveMs: VOCABULARY_MS,
    maxWaiting,
    start: starter(true),
  });
  const endAll = () => Promise.all([pool.close(), vocabularies.close()]);
  try {
    // Silent until it listens: Fastify would log what the line for people says better.
    const logger = serverLog(io);
    const {app, service} = await createRouter({models, pool, vocabularies, lastMetrics}, {...options, logger});
    let closeAll: () => Promise<unknown> = () => app.close();
    try {
      const isTls = options.tls !== undefined;
      const hasKeys = options.apiKeys.length > 0;
      const listening = await listenAt(app, {addresses, port, hasKeys, isTls});
      closeAll = listening.close;
      logger.level = flags.logLevel;
      const where = listening.urls.join(', ');
      io.say(
        `serving ${found.length} models at ${where} (${formatBytes(budget)} of memory for all); ${shownUrl(listening.urls, '/docs')}`,
      );
      const drained = {
        get inFlight() {
          return service.inFlight;
        },
        dead: service.dead,
        drain: () => service.drain(),
        stop: () => void endAll(),
      };
      await untilSignal(io, drained, graceMs);
    } finally {
      await closeAll();
    }
  } finally {
    await endAll();
    rmSync(folder, {recursive: true, force: true});
  }
}

function refuseOne(model: string | undefined, flags: ServeFlags): void {
  const given = Object.entries(OF_ONE_MODEL).find(([key]) => flags[key as keyof typeof OF_ONE_MODEL] !== undefined);
  const what = model === undefined ? given?.[1] : `the model ${model}`;
  if (what === undefined) return;
  throw new EngineError('usage', `${what} is about one model, and --models serves several`, {
    hint: 'Leave one of them out.',
  });
}

/** `NAME=MODEL`. @throws EngineError `usage` */
function pairOf(alias: string): readonly [string, string] {
  const at = alias.indexOf('=');
  if (at > 0 && at < alias.length - 1) return [alias.slice(0, at), alias.slice(at + 1)];
  throw new EngineError('usage', `--alias ${alias} does not say which model it means`, {
    hint: 'With --models it is --alias NAME=MODEL.',
  });
}
