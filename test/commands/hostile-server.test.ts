// A server behind --url that answers in every wrong way there is: each is told or taken, and nothing is lost or leaked.
import type {ServerResponse} from 'node:http';
import zlib, {brotliCompressSync, deflateSync, gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {run} from '../../src/commands/program.ts';
import {httpServer, json} from '../fakes/http-server.ts';
import {fakeIo} from '../fakes/io.ts';

const KEY = 'sk-secret-0123456789';
const chunk = (content: unknown, finish_reason: unknown = null) => ({choices: [{delta: {content}, finish_reason}]});
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const HEL = event(chunk('Hel'));
const LO = event(chunk('lo', 'stop'));
const DONE = 'data: [DONE]\n\n';
const WHOLE = `${HEL}${LO}${DONE}`;
const ANSWER = JSON.stringify({choices: [{message: {role: 'assistant', content: 'Hello'}, finish_reason: 'stop'}]});
const PAGE = '<!DOCTYPE html>\n<html><head>\n<title>Sign in\n to the network</title></head><body>x</body></html>';
const deep = (levels: number) => `{"choices":[{"delta":{"content":${'['.repeat(levels)}${']'.repeat(levels)}}}]}`;

/** A frame of zstd with one block that is not compressed (RFC 8878, 3.1.1), for texts up to 64 KiB. */
function zstdOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  // Of one segment, its size in two bytes, of which 256 is taken off.
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x60, 0, 0, 0, 0, 0]);
  head.writeUInt16LE(bytes.length - 256, 5);
  head.writeUIntLE((bytes.length << 3) | 1, 7, 3);
  return Buffer.concat([head, bytes]);
}

type Play = (response: ServerResponse) => unknown;
/** A 200 with this body. */
const body =
  (text: string | Buffer, headers: Record<string, string> = {'content-type': 'text/event-stream'}): Play =>
  (response) =>
    response.writeHead(200, headers).end(text);
const events = (...values: readonly unknown[]): Play => body(`${values.map(event).join('')}${DONE}`);
const status =
  (code: number, text: string, headers: Record<string, string> = {}): Play =>
  (response) =>
    response.writeHead(code, headers).end(text);
/** Writes this and then nothing, for ever. */
const hang =
  (text: string): Play =>
  (response) => {
    response.writeHead(200, {'content-type': 'text/event-stream'}).write(text);
  };
const endless =
  (first: string, more: string): Play =>
  (response) => {
    response.writeHead(200).write(first);
    const piece = more.repeat(Math.ceil(65_536 / more.length));
    const pump = () => {
      while (!response.destroyed && response.write(piece));
      response.once('drain', pump);
    };
    pump();
  };
const compressed = (encoding: string, bytes: Buffer): Play =>
  body(bytes, {'content-type': 'text/event-stream', 'content-encoding': encoding});

/** What `mistral-chat --json` makes of it: exit code, the answer or the partial one, words of the error. */
interface Outcome {
  readonly code: number;
  readonly content?: string;
  readonly partial?: string;
  readonly error?: RegExp;
  readonly hint?: RegExp;
}
const taken = (content = 'Hello'): Outcome => ({code: 0, content});
const told = (error: RegExp, more: Partial<Outcome> = {}): Outcome => ({code: 5, error, ...more});

const MODES: readonly (readonly [string, Play, Outcome])[] = [
  ['a good stream', body(WHOLE), taken()],
  ['line and paragraph separators', events(chunk('a\u2028b\u2029c', 'stop')), taken('a\u2028b\u2029c')],
  ['CR alone', body(WHOLE.replaceAll('\n', '\r')), taken()],
  ['CR LF', body(WHOLE.replaceAll('\n', '\r\n')), taken()],
  [
    'several data lines',
    body('data: {"choices":\ndata: [{"delta":{"content":"Hello"},\ndata: "finish_reason":"stop"}]}\n\n'),
    taken(),
  ],
  ['a byte order mark', body(`\uFEFF${WHOLE}`), taken()],
  ['comments and empty data', body(`: ping\n\ndata:\n\n${WHOLE}`), taken()],
  ['null for a chunk', body(`data: null\n\n${WHOLE}`), taken()],
  ['null choices', events({choices: null}, chunk('Hello', 'stop')), taken()],
  ['a null choice', events({choices: [null]}, chunk('Hello', 'stop')), taken()],
  ['a null delta', events({choices: [{delta: null}]}, chunk('Hello', 'stop')), taken()],
  [
    'null everywhere',
    events(
      {choices: [{delta: {content: null, tool_calls: null, reasoning: null}}], usage: null, error: null},
      chunk('Hello', 'stop'),
    ),
    taken(),
  ],
  ['no choices', events({}, {choices: []}, chunk('Hello', 'stop')), taken()],
  ['a list of chunks in one event', body(`data: ${JSON.stringify([chunk('Hel'), chunk('lo', 'stop')])}\n\n`), taken()],
  ['no content type', body(WHOLE, {}), taken()],
  ['the wrong content type', body(WHOLE, {'content-type': 'text/html'}), taken()],
  ['no end of the last event', body(`${HEL}${LO}`.trimEnd()), taken()],
  ['usage of a wrong type', events({...chunk('Hello', 'stop'), usage: 'many'}), taken()],
  [
    'usage of wrong numbers',
    events({...chunk('Hello', 'stop'), usage: {prompt_tokens: -1, completion_tokens: '3'}}),
    taken(),
  ],
  ['an unknown reason to end', events(chunk('Hello', 'whatever')), taken()],
  [
    'a message beside each delta',
    events({choices: [{delta: {content: 'Hello'}, message: {content: 'Hello'}, finish_reason: 'stop'}]}),
    taken(),
  ],
  [
    'a refusal of the model',
    events({choices: [{delta: {refusal: 'I may not.'}, finish_reason: 'stop'}]}),
    taken('I may not.'),
  ],
  ['parts of text', events(chunk([{type: 'text', text: 'Hello'}, {type: 'other'}], 'stop')), taken()],
  ['a whole answer', body(ANSWER, {'content-type': 'application/json'}), taken()],
  ['a whole answer as a stream', body(ANSWER), taken()],
  ['a whole answer after blank lines', body(`\n\n  ${ANSWER}\n`), taken()],
  ['a list of chunks in place of a stream', body(JSON.stringify([chunk('Hel'), chunk('lo', 'stop')])), taken()],
  ['gzip', compressed('gzip', gzipSync(WHOLE)), taken()],
  ['deflate', compressed('deflate', deflateSync(WHOLE)), taken()],
  ['brotli', compressed('br', brotliCompressSync(WHOLE)), taken()],
  ['gzip in gzip', compressed('gzip, gzip', gzipSync(gzipSync(WHOLE))), taken()],
  [
    'an encoding nobody knows',
    compressed('compress', Buffer.from(WHOLE)),
    told(/in the encoding 'compress', which is not known$/),
  ],
  [
    'zstd',
    compressed('zstd', zstdOf(`: ${'x'.repeat(300)}\n\n${WHOLE}`)),
    // Node 20 has no zstd.
    'createZstdDecompress' in zlib
      ? taken()
      : told(/in the encoding 'zstd', which is not known$/, {
          hint: /^It was asked for none: .* Node 22\.15 or newer reads zstd\.$/,
        }),
  ],
  [
    'four encodings',
    compressed('gzip, gzip, gzip, gzip', gzipSync(WHOLE)),
    told(/in the encoding 'gzip, gzip, gzip, gzip'/),
  ],
  [
    'gzip that is none',
    compressed('gzip', Buffer.from(WHOLE)),
    told(/sent a damaged compressed answer: incorrect header check$/),
  ],
  ['gzip that was not announced', body(gzipSync(WHOLE)), told(/sent no answer but /)],
  [
    '200 with an error',
    body('{"error":{"message":"quota exceeded","code":17}}'),
    told(/^the remote server failed: quota exceeded$/),
  ],
  ['200 with an error as text', body('{"error":"quota exceeded"}'), told(/^the remote server failed: quota exceeded$/)],
  [
    'an error of old vLLM',
    body('{"object":"error","message":"too busy","type":"x"}'),
    told(/^the remote server failed: too busy$/),
  ],
  [
    'a detail',
    body('{"detail":[{"loc":["body"],"msg":"bad"}]}'),
    told(/^the remote server failed: \[\{"loc":\["body"\],"msg":"bad"\}\]$/),
  ],
  [
    'an error inside the stream',
    body(`${HEL}${event({error: {message: 'out of memory'}})}`),
    told(/^the remote server failed: out of memory$/, {partial: 'Hel'}),
  ],
  [
    'the reason error',
    body(`${HEL}${event(chunk('', 'error'))}`),
    told(/^the remote server failed$/, {partial: 'Hel'}),
  ],
  [
    'an error beside the stream',
    body(`${HEL}{"error":"overloaded"}\n`),
    told(/ended its stream before the answer; its last words: \{"error":"overloaded"\}$/, {partial: 'Hel'}),
  ],
  [
    'a login page',
    body(PAGE, {'content-type': 'text/html'}),
    told(/sent no answer but a web page, "Sign in to the network"$/, {hint: /signed in to/}),
  ],
  ['a page that never ends', endless('<html><title>Wait</title>', 'x'), told(/sent no answer but a web page, "Wait"$/)],
  ['a bare text', body('upstream connect error\nor so'), told(/sent no answer but upstream connect error$/)],
  ['an empty body', body(''), told(/sent no answer but nothing$/)],
  ['white space alone', body(' \n\n '), told(/sent no answer but nothing$/)],
  ['[DONE] alone', body(DONE), told(/sent no answer but data: \[DONE\]$/)],
  ['half a JSON text', body('{"choices":[{"mess'), told(/sent no answer but \{"choices":\[\{"mess$/)],
  ['a stream that just ends', body(HEL), told(/ended its stream before the answer$/, {partial: 'Hel'})],
  [
    'an event that is no JSON',
    body(`${HEL}data: {oops\n\n`),
    told(/something that is no JSON: \{oops$/, {partial: 'Hel'}),
  ],
  ['choices of a wrong type', events({choices: {}}), told(/no answer: choices must be a list$/)],
  [
    'content of a wrong type',
    events(chunk(5)),
    told(/no answer: choices\[0\]\.delta\.content must be a string or a list$/),
  ],
  ['a number for a chunk', events(5), told(/no answer: it must be an object$/)],
  [
    'calls of a wrong type',
    events({choices: [{delta: {tool_calls: {}}}]}),
    told(/no answer: choices\[0\]\.delta\.tool_calls must be a list$/),
  ],
  ['JSON of a thousand levels', body(`data: ${deep(1000)}\n\n`), told(/something that is no JSON: \{"choices"/)],
  ['a million levels', body(`data: ${deep(1_000_000)}\n\n`), told(/something that is no JSON: \{"choices"/)],
  ['a line that never ends', endless('data: ', 'x'), told(/an event of more than 16777216 characters$/)],
  ['comments that never end', endless(': ', 'x'), told(/an event of more than 16777216 characters$/)],
  ['JSON that never ends', endless('{"a":"', 'x'), told(/sent more than 16777216 bytes in place of a stream$/)],
  ['blanks that never end', endless(' ', ' '), told(/an event of more than 16777216 characters$/)],
  [
    'silence after the head',
    hang(': ping\n\n'),
    told(/sent nothing of the answer for 0\.4 s$/, {hint: /--idle-timeout/}),
  ],
  ['silence in the middle', hang(HEL), told(/sent nothing of the answer for 0\.4 s$/, {partial: 'Hel'})],
  ['no head', () => {}, told(/did not answer within 0\.4 s$/)],
  [
    'a connection that breaks',
    (response) => response.writeHead(200).write(HEL, () => response.destroy()),
    told(/^the connection broke off in the middle of the answer: aborted$/, {partial: 'Hel'}),
  ],
  ['no reply at all', (response) => response.destroy(), told(/cannot be reached: (?:ECONNRESET|socket hang up)$/)],
  ['no HTTP', (response) => response.socket?.end('SSH-2.0-x\r\n'), told(/cannot be reached: /)],
  ['500 with a page', status(500, PAGE), told(/answered 500: a web page, "Sign in to the network"$/)],
  ['500 with nothing', status(500, ''), told(/answered 500: nothing$/)],
  ['500 with null', status(500, 'null'), told(/answered 500: null$/)],
  [
    '500 with an error of wrong types',
    status(500, '{"error":{"message":5,"param":[],"code":{}}}'),
    told(/answered 500: \{"error":\{"message":5,"param":\[\],"code":\{\}\}\}$/),
  ],
  [
    '429 for an hour',
    status(429, '{}', {'retry-after': '3600'}),
    told(/answered 429: \{\}$/, {hint: /^The server asks to wait 3600 s\.$/}),
  ],
  ['401', status(401, '{"error":{"message":"no key"}}'), told(/answered 401: no key$/, {hint: /--api-key-env/})],
  ['204', (response) => response.writeHead(204).end(), told(/sent no answer but nothing$/)],
];

test.each(MODES)('%s', {timeout: 120_000}, async (_mode, play, outcome) => {
  const {url, asked} = await httpServer((one, response) =>
    one.path.endsWith('/models') ? json(response, {data: [{id: 'm'}]}) : play(response),
  );
  const limits = ['--reply-timeout', '0.4', '--idle-timeout', '0.4'];
  const hangs = /silence|no head/.test(_mode);
  const args = [
    '--url',
    `${url}/v1`,
    '--api-key-env',
    'K',
    '--instruct',
    '-p',
    'Hi',
    '--json',
    ...(hangs ? limits : []),
  ];
  const io = fakeIo('', {K: KEY});
  const code = await run('mistral-chat', args, io);
  const lines = io.out().trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  const said = JSON.parse(lines[0] ?? '');
  const {content, partial, error, hint} = outcome;
  expect({code, content: said.content, partial: said.partial?.content}).toEqual({code: outcome.code, content, partial});
  if (error) expect(said.error.message).toMatch(error);
  if (hint) expect(said.error.hint).toMatch(hint);
  expect(said.error?.code).not.toBe('internal');
  expect((said.error?.message ?? '').length).toBeLessThan(2200);
  expect(io.out() + io.err()).not.toContain(KEY);
  expect(io.err()).not.toMatch(/\n\s+at /);
  expect(asked.every(({headers}) => headers.authorization === `Bearer ${KEY}`)).toBe(true);
});

test('a reader of events hears once what had come of an answer that broke off', async () => {
  const {url} = await httpServer((one, response) =>
    one.path.endsWith('/models') ? json(response, {data: [{id: 'm'}]}) : body(HEL)(response),
  );
  const io = fakeIo('');
  expect(await run('mistral-chat', ['--url', `${url}/v1`, '--instruct', '-p', 'Hi', '--stream-json'], io)).toBe(5);
  const lines = io
    .out()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.slice(1)).toEqual([
    {type: 'delta', content: 'Hel'},
    {error: {code: 'backend_failed', message: 'the remote server ended its stream before the answer'}},
  ]);
});

const TOOLS = '[{"name": "f", "description": "", "parameters": {"type": "object"}}]';
test.each([
  ['on stderr where stdout is a list of calls', [], {out: '', note: 'note: the model said: Hel\n'}],
  ['on stdout where the answer goes there', ['--exec', 'f=true'], {out: 'Hel\n', note: ''}],
])('mistral-tools shows what had come of an answer that broke off, %s', async (_where, exec, {out, note}) => {
  const {url} = await httpServer((one, response) =>
    one.path.endsWith('/models') ? json(response, {data: [{id: 'm'}]}) : body(HEL)(response),
  );
  const io = fakeIo(TOOLS);
  const args = ['--url', `${url}/v1`, '--tools', '-', '-p', 'Hi', ...exec];
  expect(await run('mistral-tools', args, io)).toBe(5);
  expect(io.out()).toBe(out);
  expect(io.err()).toBe(`${note}error: the remote server ended its stream before the answer\n`);
});
