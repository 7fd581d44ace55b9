import {expect, test} from 'vitest';
import {run} from '../../src/commands/program.ts';
import {fakeIo} from '../fakes/io.ts';

test('--version is one line, with --json the versions of all parts', async () => {
  const plain = fakeIo();
  expect(await run('mistral', ['--version'], plain)).toBe(0);
  expect(plain.out()).toMatch(/^mistral \d+\.\d+\.\d+\n$/);
  const json = fakeIo();
  expect(await run('mistral', ['--version', '--json'], json)).toBe(0);
  expect(JSON.parse(json.out())).toMatchObject({
    name: 'mistral-chat',
    engine: {'node-llama-cpp': expect.stringMatching(/^3\./), 'llama.cpp': expect.stringMatching(/^v/)},
    templates: ['v1', 'v2', 'v3', 'v7', 'v11', 'v13', 'v15'],
  });
});

test.each(['chat', 'serve', 'pull', 'tokenize', 'sessions'])('%s answers --version too', async (command) => {
  const io = fakeIo();
  expect(await run('mistral', [command, '--version'], io)).toBe(0);
  expect(io.out()).toMatch(/^mistral \d+\.\d+\.\d+\n$/);
  expect(io.err()).toBe('');
});

test('an unknown option is refused with a suggestion and exit code 2', async () => {
  const io = fakeIo();
  expect(await run('mistral', ['--versoin'], io)).toBe(2);
  expect(io.err()).toBe("error: unknown option '--versoin' (Did you mean --version?)\n");
});

test('a refused command line is an object on stdout in JSON mode', async () => {
  const io = fakeIo();
  expect(await run('mistral', ['--nope', '--json'], io)).toBe(2);
  expect(JSON.parse(io.out())).toEqual({error: {code: 'usage', message: "unknown option '--nope'"}});
});
