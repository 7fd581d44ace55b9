// An Io on strings: scripted stdin, collected stdout and stderr.
import {PassThrough, Readable} from 'node:stream';
import {type Io, ioOn, type Outside} from '../../src/commands/host/io.ts';

export interface FakeIo extends Io {
  readonly out: () => string;
  readonly err: () => string;
  /** What SIGINT, SIGTERM or a failed write do. */
  stopWith(reason: unknown): void;
}

/** No test sees the settings of whoever runs it. */
const OWN_ENVIRONMENT = {MISTRAL_NO_CONFIG: '1'};

/** Streams that are no terminals unless `terminals` names them; `stdin` is given whole or in chunks. */
export function fakeIo(
  stdin: string | Iterable<string | Uint8Array> = '',
  env: NodeJS.ProcessEnv = {},
  terminals: readonly ('stdin' | 'stdout' | 'stderr')[] = [],
): FakeIo {
  const controller = new AbortController();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const out = collect(stdout);
  const err = collect(stderr);
  const outside: Outside = {
    stdin: Readable.from(typeof stdin === 'string' ? [Buffer.from(stdin)] : stdin, {objectMode: false}),
    stdout,
    stderr,
    env: {...OWN_ENVIRONMENT, ...env},
    cwd: process.cwd(),
    stop: controller.signal,
    captureInterrupt: () => () => {},
  };
  for (const name of terminals) Object.assign(outside[name], {isTTY: true});
  return {...ioOn(outside), out, err, stopWith: (reason) => controller.abort(reason)};
}

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => {
    for (let rest = stream.read() as Buffer | null; rest; rest = stream.read() as Buffer | null) chunks.push(rest);
    return Buffer.concat(chunks).toString('utf8');
  };
}
