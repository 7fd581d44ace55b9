// The application asked in this process, without a socket: whoever has many requests need not serve them to itself.
import {setTimeout as sleep} from 'node:timers/promises';
import type {EngineError} from '../../base/errors.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {SamplingChoice} from '../../engine/contract/sampling.ts';
import {createApp} from '../app.ts';

export interface AskOptions {
  /** Requests that are read and rendered at the same time. */
  readonly slots: number;
  /** For requests that say nothing. */
  readonly sampling: SamplingChoice;
  /** Bytes. */
  readonly bodyLimit: number;
}

/** What a route has replied. */
export interface AskedReply {
  readonly status: number;
  readonly requestId: string;
  /** JSON. */
  readonly body: string;
}

export interface AskedApp {
  /** Asks the route `path`. While the engine is shown to be alive again after a failed step, it waits. Never rejects. */
  ask(path: string, body: string): Promise<AskedReply>;
  /** Ends what runs, and refuses what comes: both have the error code `draining`. */
  stop(): void;
  /** Resolves when the engine has broken down for good. */
  readonly dead: Promise<EngineError>;
}

/** Nobody's queue is as long as this; a larger number is none for a timer. Milliseconds. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** All the routes of the server over this backend. */
export async function appToAsk(backend: Backend, {slots, sampling, bodyLimit}: AskOptions): Promise<AskedApp> {
  const loaded = Promise.resolve(backend);
  const {app, service} = await createApp(loaded, {
    slots,
    sampling,
    bodyLimit,
    maxQueue: FOR_EVER_MS,
    queueTimeoutMs: FOR_EVER_MS,
    heartbeatMs: FOR_EVER_MS,
    stallMs: FOR_EVER_MS,
    aliases: [],
    seedDefaults: {temperature: 0, maxTokens: 256},
    apiKeys: [],
    checkHost: false,
    allowedHosts: [],
    corsOrigins: [],
    logger: undefined,
    logPrompts: false,
  });
  await app.ready();
  const stopped = new AbortController();
  return {
    async ask(path, body) {
      for (;;) {
        const reply = await app.inject({method: 'POST', url: path, payload: body});
        const {statusCode: status, headers} = reply;
        const waitMs = status === 503 ? Number(headers['retry-after']) * 1000 : 0;
        if (!(waitMs > 0) || stopped.signal.aborted) {
          return {status, requestId: String(headers['x-request-id'] ?? ''), body: reply.body};
        }
        await sleep(waitMs, undefined, {signal: stopped.signal}).catch(() => {});
      }
    },
    stop() {
      stopped.abort();
      service.drain();
      service.stop();
    },
    dead: service.dead,
  };
}
