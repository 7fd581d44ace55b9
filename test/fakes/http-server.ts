// An HTTP server that plays given replies in order and keeps what it was asked.
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {onTestFinished} from 'vitest';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests state literally what is in there
  readonly body: any;
}

export type Answer = (asked: Asked, response: ServerResponse) => unknown;

/** `answer` is called for each request; it must end the response. */
export async function httpServer(answer: Answer): Promise<{url: string; asked: Asked[]}> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const {method = '', url: path = '', headers} = request;
    const one: Asked = {method, path, headers, text, body: text === '' ? undefined : JSON.parse(text)};
    asked.push(one);
    await answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked};
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(body));
}

/** Server-sent events, ended by [DONE]. */
export function sse(response: ServerResponse, chunks: readonly unknown[]): void {
  response.writeHead(200, {'content-type': 'text/event-stream'});
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  response.end('data: [DONE]\n\n');
}
