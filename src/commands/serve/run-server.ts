// Runs the server: listens at once, loads the model, answers until a signal comes, and lets running answers finish.

import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Backend} from '../../engine/contract/backend.ts';
import {SystemBackend} from '../../engine/conversation/system-backend.ts';
import {createApp} from '../../serve/app.ts';
import {stepWatch} from '../../serve/engine-watch.ts';
import {listenAt, shownUrl} from '../../serve/listen/listen-at.ts';
import type {Io} from '../host/io.ts';
import {openBackend} from '../open-model/open-backend.ts';
import {offerSystem, type SystemOf, samplingFor, systemOf} from '../open-model/recommended.ts';
import {announceServer, changesAnswers} from '../open-model/running-servers.ts';
import {serverLog} from './server-log.ts';
import type {ServeFlags} from './server-settings.ts';
import {settings} from './server-settings.ts';
import {untilSignal} from './until-signal.ts';

/** For freeing the engine at the end. */
const CLOSE_MS = 5000;

/** @throws EngineError when it cannot listen or the model cannot be loaded. */
export async function runServe(io: Io, model: string | undefined, flags: ServeFlags): Promise<void> {
  const {addresses, port, graceMs, stepMs, app: options, model: fromEnvFile} = settings(io, flags);
  const system = await systemOf(io, flags.system);
  // Silent until it listens: Fastify would log what the line for people says better.
  const logger = serverLog(io);
  let loaded = (_backend: Backend) => {};
  const ready = new Promise<Backend>((resolve) => {
    loaded = resolve;
  });
  // For this user's own programs; without other keys none is needed.
  const attachKey = options.apiKeys.length > 0 ? randomUUID() : undefined;
  const apiKeys = attachKey === undefined ? options.apiKeys : [...options.apiKeys, attachKey];
  const {app, service} = await createApp(ready, {...options, apiKeys, logger});
  const isTls = options.tls !== undefined;
  const listening = await listenAt(app, {addresses, port, hasKeys: apiKeys.length > 0, isTls});
  logger.level = flags.logLevel;
  io.say(`listening on ${listening.urls.join(', ')}, loading the model`);
  try {
    const opened = await openBackend(io, model ?? fromEnvFile, flags, {
      slots: options.slots,
      watch: stepWatch(service, logger, stepMs),
      onThreads: (count) => service.metrics.setThreads(count),
      tellCrash: false,
    });
    let withdraw = () => {};
    const backend = system ? withSystemPrompt(opened, system) : opened;
    try {
      loaded(backend);
      samplingFor(backend.model, options.sampling, io.say);
      if (!system) offerSystem(backend.model, '--system default', io.say);
      const {path, id, contextSize} = backend.model;
      const known = {
        id,
        ...(contextSize !== undefined && {contextSize}),
        ...(attachKey !== undefined && {key: attachKey}),
      };
      // Our own programs speak HTTP over the network, and trust no certificate of one's own.
      const url = listening.urls.find((one) => one.startsWith('http:'));
      if (url !== undefined && path !== undefined && !changesAnswers(flags) && !system) {
        withdraw = announceServer(io.env, process.pid, {url, ...known, model: path});
      }
      const where = listening.urls.join(', ');
      const docs = shownUrl(listening.urls, '/docs');
      io.say(`serving ${id} at ${where} (${options.slots} slots of ${contextSize} tokens); ${docs}`);
      await untilSignal(io, service, graceMs);
    } finally {
      withdraw();
      // An engine that hangs would hold up the end of the program, which frees everything anyway.
      await Promise.race([backend.close(), sleep(CLOSE_MS)]);
    }
  } finally {
    await listening.close();
  }
}

/** @throws EngineError `usage` where the model has none to give. */
function withSystemPrompt(backend: Backend, system: SystemOf): Backend {
  const content = () => system(backend.model);
  content();
  return new SystemBackend(backend, content);
}
