import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Command} from 'commander';
import {expect, onTestFinished, test} from 'vitest';
import {addServeCommand} from '../../../src/commands/serve/serve.ts';
import type {ServeFlags} from '../../../src/commands/serve/server-settings.ts';
import {settings} from '../../../src/commands/serve/server-settings.ts';
import {fakeIo} from '../../fakes/io.ts';

/** The settings of a command line. */
function read(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const io = fakeIo('', env);
  const command = new Command().exitOverride();
  addServeCommand(command, io);
  command.action(() => {});
  command.parse([...argv], {from: 'user'});
  return settings(io, command.opts<ServeFlags>());
}

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'serve-'));
  onTestFinished(() => rmSync(folder, {recursive: true}));
  writeFileSync(join(folder, 'file'), text);
  return join(folder, 'file');
}

test('without flags: this machine only, port 8080, four slots, eight may wait', () => {
  expect(read([])).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    stepMs: 120_000,
    app: {
      slots: 4,
      maxQueue: 8,
      checkHost: true,
      defaults: {temperature: 0.7},
      seedDefaults: {temperature: 0.35, maxTokens: 256},
      bodyLimit: 8 * 2 ** 20,
    },
  });
});

test('an env file of the Codestral Mamba server is understood; flags win', () => {
  const path = file('MODEL_PATH=/m\nMAX_TOKENS=4096\nTEMPERATURE=0.35\nDTYPE=float16\nHOST=127.0.0.1\nPORT=18090\n');
  expect(read(['--env-file', path, '--port', '1'])).toMatchObject({
    model: '/m',
    host: '127.0.0.1',
    port: 1,
    app: {defaults: {temperature: 0.35, maxTokens: 4096}, seedDefaults: {temperature: 0.35, maxTokens: 4096}},
  });
});

test.each([['0.0.0.0'], ['::'], ['192.168.1.7']])('%s needs a key or --insecure', (host) => {
  expect(() => read(['--host', host])).toThrow(expect.objectContaining({code: 'usage'}));
  expect(read(['--host', host, '--insecure']).app).toMatchObject({apiKeys: [], checkHost: false});
  expect(read(['--host', host], {MISTRAL_SERVE_KEY: 'k'}).app).toMatchObject({apiKeys: ['k'], checkHost: false});
});

test('keys come from flags, a file and the environment', () => {
  const argv = ['--api-key', 'a', '--api-key', 'b', '--api-key-file', file('c\n\n d \r\n')];
  expect(read(argv, {MISTRAL_SERVE_KEY: 'e'}).app.apiKeys).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test.each([
  ['--api-key', ''],
  ['--api-key-file', '/does/not/exist'],
  ['--env-file', '/does/not/exist'],
])('%s %o is a usage error', (flag, value) => {
  expect(() => read([flag, value])).toThrow(expect.objectContaining({code: 'usage'}));
});

test('a number that is none in the env file is named', () => {
  expect(() => read(['--env-file', file('PORT=many')])).toThrow(/PORT is 'many'/);
});
