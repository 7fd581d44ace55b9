import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Command} from 'commander';
import {expect, onTestFinished, test} from 'vitest';
import {addServeCommand} from '../../../src/commands/serve/serve.ts';
import type {ServeFlags} from '../../../src/commands/serve/server-settings.ts';
import {settings} from '../../../src/commands/serve/server-settings.ts';
import {fakeIo} from '../../fakes/io.ts';
import {CERT, KEY} from '../../fixtures/tls-relay.ts';

/** The settings of a command line. */
function read(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const io = fakeIo('', env);
  const command = new Command().exitOverride().configureOutput({writeErr: () => {}});
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
    addresses: [{kind: 'network', host: '127.0.0.1'}],
    port: 8080,
    stepMs: 120_000,
    app: {
      slots: 4,
      maxQueue: 8,
      checkHost: true,
      sampling: {asked: {}, otherwise: {temperature: 0.7}},
      seedDefaults: {temperature: 0.35, maxTokens: 256},
      bodyLimit: 8 * 2 ** 20,
    },
  });
});

test.each(['--settings-file', '--env-file'])(
  '%s: the env file of the Codestral Mamba server is understood; flags win',
  (flag) => {
    const path = file('MODEL_PATH=/m\nMAX_TOKENS=4096\nTEMPERATURE=0.35\nDTYPE=float16\nHOST=127.0.0.1\nPORT=18090\n');
    expect(read([flag, path, '--port', '1'])).toMatchObject({
      model: '/m',
      addresses: [{kind: 'network', host: '127.0.0.1'}],
      port: 1,
      app: {
        sampling: {asked: {temperature: 0.35, maxTokens: 4096}},
        seedDefaults: {temperature: 0.35, maxTokens: 4096},
      },
    });
  },
);

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
  ['--settings-file', '/does/not/exist'],
])('%s %o is a usage error', (flag, value) => {
  expect(() => read([flag, value])).toThrow(expect.objectContaining({code: 'usage'}));
});

test.each([
  ['PORT=many', "PORT is 'many', which is not an integer from 0 to 65535"],
  ['PORT=80.5', "PORT is '80.5', which is not an integer from 0 to 65535"],
  ['MAX_TOKENS=1.5', "MAX_TOKENS is '1.5', which is not an integer from 0 to 2147483647"],
  ['MAX_TOKENS=2147483648', "MAX_TOKENS is '2147483648', which is not an integer from 0 to 2147483647"],
  ['TEMPERATURE=100.5', "TEMPERATURE is '100.5', which is not a number from 0 to 100"],
])('%s in the file of settings is refused with what it takes', (line, message) => {
  expect(() => read(['--settings-file', file(line)])).toThrow(message);
});

test.each([
  ['--max-tokens', '2147483648'],
  ['--max-tokens', '1.5'],
  ['--temperature', '101'],
])('%s %s is refused as in a chat', (flag, value) => {
  expect(() => read([flag, value])).toThrow(expect.objectContaining({code: 'commander.invalidArgument'}));
});

test('several places to listen at, sockets among them: those of this machine alone need no key', () => {
  expect(read(['--host', '127.0.0.1,unix:/run/m.sock', '--host', '[::1]', '--host', '/tmp/x.sock']).addresses).toEqual([
    {kind: 'network', host: '127.0.0.1'},
    {kind: 'socket', path: '/run/m.sock'},
    {kind: 'network', host: '::1'},
    {kind: 'socket', path: '/tmp/x.sock'},
  ]);
  expect(read(['--host', 'unix:/run/m.sock']).app).toMatchObject({checkHost: true, apiKeys: []});
  expect(() => read(['--host', 'unix:/run/m.sock,0.0.0.0'])).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: 'listening on 0.0.0.0 without an API key would let anyone on the network in',
    }),
  );
});

test.each(['', 'unix:', '127.0.0.1,', '/no/socket', `unix:/${'x'.repeat(100)}`])('--host %j is no place', (host) => {
  expect(() => read(['--host', host])).toThrow(expect.objectContaining({code: 'usage'}));
});

test('files of TLS that cannot be read end the program, as does a socket beside them', () => {
  const [cert, key] = [file(CERT), file(KEY)];
  expect(() => read(['--tls-cert', '/nowhere', '--tls-key', key])).toThrow(
    expect.objectContaining({code: 'usage', message: '--tls-cert /nowhere cannot be read: there is no such file'}),
  );
  const tls = ['--tls-cert', cert, '--tls-key', key];
  expect(read(tls).app.tls).toEqual({cert: CERT, key: KEY});
  expect(() => read([...tls, '--host', 'unix:/run/m.sock'])).toThrow(
    expect.objectContaining({code: 'usage', message: 'a socket in the file system has no TLS'}),
  );
});
