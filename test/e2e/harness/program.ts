// Runs the built programs as a shell does: arguments, bytes in, bytes out, signals, exit code.
import {type ChildProcess, spawn} from 'node:child_process';
import {join} from 'node:path';

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** Leave stdin open behind its text, as a person at a terminal does. */
  readonly keepOpen?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Called with all of stdout and stderr so far, whenever there is more. */
  readonly onOutput?: (stdout: string, stderr: string, child: ChildProcess) => void;
}

export interface RunResult {
  /** As a shell counts: 128 + the number of the signal for a program that died by one. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SIGNAL_CODES: Readonly<Record<string, number>> = {SIGINT: 130, SIGKILL: 137, SIGPIPE: 141, SIGTERM: 143};

const bin = (name: string) => join(import.meta.dirname, '../../../bin', `${name}.js`);

/** Runs one of the package's programs to its end. */
export function runProgram(name: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const {stdin = '', keepOpen = false, env = {}, cwd, onOutput} = options;
  const child = spawn(process.execPath, [bin(name), ...args], {
    env: {...process.env, MISTRAL_MODEL: undefined, MISTRAL_NO_CONFIG: '1', ...env},
    ...(cwd === undefined ? {} : {cwd}),
  });
  const text = {stdout: '', stderr: ''};
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
      onOutput?.(text.stdout, text.stderr, child);
    });
  }
  child.stdin.on('error', () => {}); // The program may end before it has read everything.
  child.stdin.write(stdin);
  if (!keepOpen) child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({code: code ?? SIGNAL_CODES[signal ?? ''] ?? -1, ...text}));
  });
}

/** Runs a line of sh in which `$NAME` stands for the command of each program, such as `$CHAT`, and `$MISTRAL`. */
export function runShell(line: string, env: Readonly<Record<string, string | undefined>> = {}): Promise<RunResult> {
  const programs = Object.fromEntries(
    ['mistral', 'mistral-chat', 'mistral-demo', 'mistral-fim', 'mistral-tools'].map((name) => [
      name.replace('mistral-', '').toUpperCase(),
      `${process.execPath} ${bin(name)}`,
    ]),
  );
  const child = spawn('bash', ['-c', line], {
    env: {...process.env, MISTRAL_MODEL: undefined, MISTRAL_NO_CONFIG: '1', ...programs, ...env},
  });
  const text = {stdout: '', stderr: ''};
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
  child.stdin.end();
  return new Promise((resolve) => child.on('close', (code) => resolve({code: code ?? -1, ...text})));
}
