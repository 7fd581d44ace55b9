// Which way the built programs call llama.cpp, and what they do where that way is not open.
import {cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {hasNoGpu} from '../../src/engine/llama/addon/cpu-build.ts';
import {shippedLibrary} from '../../src/engine/llama/c-api/library-files.ts';
import {runProgram, runShell} from './harness/program.ts';

const chat = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  runProgram('mistral-chat', ['--max-tokens', '5', '--temperature', '0', ...args], {stdin: 'Hi\n', env});

const how = (stderr: string) => /called through its addon: .*/.exec(stderr)?.[0];

describe.runIf(hasNoGpu())('on this machine', () => {
  test('the native engine is the usual one, and --version --json says so', async () => {
    const {stdout} = await runProgram('mistral', ['--version', '--json']);
    expect(JSON.parse(stdout).engine).toMatchObject({calls: 'native'});
    expect(JSON.parse(stdout).engine).not.toHaveProperty('why');
  });

  test('both engines answer, by flag and by variable', async () => {
    const {stdout: usual, stderr} = await chat(['--verbose']);
    expect(stderr).toContain('info: 1 thread computes each token\n');
    expect(usual.length).toBeGreaterThan(1);
    expect(how(stderr)).toBeUndefined();
    expect((await chat(['--engine', 'addon'])).stdout).toBe(usual);
    expect((await chat([], {MISTRAL_ENGINE: 'addon'})).stdout).toBe(usual);
  });

  test('GPUs that are not there: shares are told to have no effect, a name is refused, by each way to call llama.cpp', async () => {
    const {folder} = shippedLibrary();
    for (const way of [[], ['--engine', 'addon'], ['--library', folder]]) {
      const shared = await chat([...way, '--gpu-split', '3,1']);
      expect(shared.code).toBe(0);
      expect(shared.stderr).toContain('note: --gpu-split has no effect: there is no GPU to use');
      expect(await chat([...way, '--devices', 'CUDA0'])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('there is no GPU called CUDA0'),
      });
    }
  });

  test('a library is named, and one that is none is refused', async () => {
    expect(await chat(['--library', '/no/such/lib.so'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('the library /no/such/lib.so cannot be read: there is no such file'),
    });
    expect(await chat([], {MISTRAL_LLAMA_LIBRARY: import.meta.filename})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('which-engine.test.ts cannot be used: '),
    });
    expect(await chat(['--engine', 'addon', '--library', '/no/such/lib.so'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the addon has a library of its own and cannot call /no/such/lib.so'),
    });
  });
});

describe.runIf(hasNoGpu())('where C functions cannot be called', () => {
  const folder = mkdtempSync(join(tmpdir(), 'no-koffi-'));
  const root = join(import.meta.dirname, '../..');

  /** The program as it is installed, but for a koffi that has no build for this platform. */
  beforeAll(() => {
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(root, part), join(folder, part), {recursive: true});
    symlinkSync(join(root, 'models'), join(folder, 'models'));
    const packages = join(folder, 'node_modules');
    mkdirSync(join(packages, 'koffi'), {recursive: true});
    writeFileSync(join(packages, 'koffi/package.json'), '{"name": "koffi", "type": "module", "exports": "./index.js"}');
    writeFileSync(
      join(packages, 'koffi/index.js'),
      "throw new Error('Cannot find the native Koffi module');\nexport default {};",
    );
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name !== 'koffi' && !name.startsWith('.'))
        symlinkSync(join(root, 'node_modules', name), join(packages, name));
    }
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  const run = (line: string) => runShell(`cd ${folder} && ${line}`);

  test('the addon answers, and the log and --version --json tell why', async () => {
    const why = 'C functions cannot be called here: Cannot find the native Koffi module';
    const {stdout, stderr, code} = await run('echo Hi | node bin/mistral-chat.js --max-tokens 5 --verbose');
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(1);
    expect(how(stderr)).toBe(`called through its addon: ${why}`);
    const version = await run('node bin/mistral.js --version --json');
    expect(JSON.parse(version.stdout).engine).toMatchObject({calls: 'addon', why});
  });

  test('who asks for the native engine is told that there is none', async () => {
    expect(await run('echo Hi | node bin/mistral-chat.js --engine native')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('C functions cannot be called here'),
    });
  });
});
