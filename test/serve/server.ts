// Starts the application on a scripted backend, for tests that inject requests or open real connections.
import {onTestFinished} from 'vitest';
import type {Backend} from '../../src/engine/contract/backend.ts';
import {type AppOptions, createApp} from '../../src/serve/app.ts';
import {type Script, ScriptedBackend} from '../fakes/scripted-backend.ts';
import {OPTIONS} from './app-options.ts';
import {parseEvents} from './events.ts';

export interface TestServer<Served = ScriptedBackend> extends Awaited<ReturnType<typeof createApp>> {
  readonly backend: Served;
  /** Starts listening on loopback and returns the URL. */
  listen(): Promise<string>;
  /** POSTs `body` as JSON without a socket. */
  post(url: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  get(url: string, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests state literally what is in there
  json(): any;
  /** The data of the server-sent events, JSON where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  events(): any[];
}

/** A server that ends with the test. */
export async function testServer(script?: Script, options: Partial<AppOptions> = {}): Promise<TestServer> {
  return serverOn(new ScriptedBackend(script), options);
}

export async function serverOn<Served extends Backend>(
  backend: Served,
  options: Partial<AppOptions> = {},
): Promise<TestServer<Served>> {
  const {app, service} = await createApp(Promise.resolve<Backend>(backend), {...OPTIONS, ...options});
  onTestFinished(() => app.close());
  const send = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>, body?: unknown) => {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const reply = await app.inject({method, url, headers: {host: 'localhost', ...headers}, ...(payload && {payload})});
    const text = reply.payload;
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text,
      json: () => JSON.parse(text),
      events: () => parseEvents(text),
    };
  };
  return {
    app,
    service,
    backend,
    listen: () => app.listen({port: 0, host: '127.0.0.1'}),
    post: (url, body, headers = {}) => send('POST', url, {'content-type': 'application/json', ...headers}, body),
    get: (url, headers = {}) => send('GET', url, headers),
  };
}
