// A router in this process over real sockets: behind each an application of one model, with a scripted backend.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {onTestFinished} from 'vitest';
import type {AppOptions} from '../../../src/serve/app.ts';
import {createApp} from '../../../src/serve/app.ts';
import {ollamaCard} from '../../../src/serve/dialects/ollama/ollama-card.ts';
import type {ReachableModel} from '../../../src/serve/router/forward.ts';
import {ModelPool, type PoolOptions} from '../../../src/serve/router/model-pool.ts';
import {createRouter} from '../../../src/serve/router/router-app.ts';
import {ServedModels} from '../../../src/serve/router/served-models.ts';
import {type Script, ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {OPTIONS} from '../app-options.ts';

export interface RoutedPlan {
  /** By the model's name; what others answer is their own name. */
  readonly scripts?: Readonly<Record<string, Script>>;
  readonly names?: readonly string[];
  readonly aliases?: readonly (readonly [string, string])[];
  readonly loadMs?: number;
  /** What a load fails with. */
  readonly fails?: (id: string) => Error | undefined;
  readonly pool?: Partial<PoolOptions<ReachableModel>>;
  readonly options?: Partial<AppOptions>;
  readonly commentMs?: number;
}

interface RunningApp extends ReachableModel {
  readonly backend: ScriptedBackend;
  /** Breaks every connection off, as the end of a process does. */
  crash(): Promise<void>;
}

/** Ends with the test. */
export async function routedServer(plan: RoutedPlan = {}) {
  const {names = ['small', 'other-Q8_0'], scripts = {}, options = {}, commentMs} = plan;
  const folder = mkdtempSync(join(tmpdir(), 'router-'));
  const running = new Map<string, RunningApp>();
  const started: string[] = [];
  const all = {...OPTIONS, ...options};
  const starter = (kind: string) => async (id: string) => {
    started.push(`${kind} ${id}`);
    await sleep(plan.loadMs ?? 0);
    const failure = plan.fails?.(id);
    if (failure) throw failure;
    const one = await startApp(join(folder, `${started.length}`), id, scripts[id] ?? [id], all);
    if (kind === 'load') running.set(id, one);
    return one;
  };
  const infos = names.map((id) => {
    const info = {...new ScriptedBackend().model, id};
    const short = id.replace(/-Q8_0$/, '');
    return {id, names: short === id ? [] : [`${short}:Q8_0`, short], bytes: 4, info, card: ollamaCard(info)};
  });
  const models = new ServedModels(infos, plan.aliases);
  const shared = {models: infos, budget: 10, keepAliveMs: 60_000, maxWaiting: 10};
  const pool = new ModelPool<ReachableModel>({...shared, start: starter('load'), ...plan.pool});
  const vocabularies = new ModelPool<ReachableModel>({...shared, start: starter('count')});
  const lastMetrics = new Map<string, string>();
  const router = {models, pool, vocabularies, lastMetrics, ...(commentMs !== undefined && {commentMs})};
  const {app, service} = await createRouter(router, all);
  onTestFinished(async () => {
    await app.close();
    await Promise.all([pool.close(), vocabularies.close()]);
    rmSync(folder, {recursive: true});
  });
  const url = await app.listen({port: 0, host: '127.0.0.1'});
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...init});
  // biome-ignore lint/suspicious/noExplicitAny: tests state literally what is in there
  const get = async (path: string): Promise<any> => (await fetch(`${url}${path}`)).json();
  return {url, post, get, pool, service, started, running, lastMetrics, app};
}

async function startApp(socketPath: string, id: string, script: Script, options: AppOptions): Promise<RunningApp> {
  const backend = Object.assign(new ScriptedBackend(script), {});
  Object.assign(backend.model, {id});
  const own = {apiKeys: ['secret'], checkHost: false, corsOrigins: [], behindRouter: true};
  const {app} = await createApp(Promise.resolve(backend), {...options, ...own});
  await app.listen({path: socketPath});
  let finish = () => {};
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const close = async () => {
    app.server.closeAllConnections();
    await app.close();
    finish();
  };
  return {socketPath, key: 'secret', backend, over, end: () => void close(), crash: close};
}
