import {chmodSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {systemName} from '../../../src/engine/engine-packages.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';

/** A PATH on which npm is a script that answers so. */
function withNpm(script: string): NodeJS.ProcessEnv {
  const folder = folderWith();
  const npm = join(folder, 'npm');
  writeFileSync(npm, `#!/bin/sh\n${script}\n`);
  chmodSync(npm, 0o755);
  return {PATH: `${folder}:/usr/bin:/bin`};
}

async function setup(line: string, env: NodeJS.ProcessEnv = {}) {
  const io = fakeIo('', env);
  const code = await run('mistral', ['setup', ...line.split(' ')], io);
  expect(io.out()).toBe('');
  return {code, said: io.err()};
}

test('what can be set up is the GPU', async () => {
  expect((await setup('disk')).code).toBe(2);
  expect((await setup('gpu --build metal')).code).toBe(2);
});

test('nothing was fetched that could be removed', async () => {
  expect(await setup('gpu --remove')).toEqual({code: 0, said: 'no build was fetched\n'});
});

test.runIf(systemName() === 'linux-x64')('there is no fallback for every build', async () => {
  const {code, said} = await setup('gpu --build vulkan --fallback');
  expect(code).toBe(2);
  expect(said).toBe('error: the vulkan build has no fallback\nLeave out --fallback.\n');
});

const ELSEWHERE =
  'Where there is a network, run: npm pack @node-llama-cpp/linux-x64-vulkan@3.22.1; then here: mistral setup gpu --from FILE.tgz\n';

test.runIf(systemName() === 'linux-x64').each([
  ['no network', withNpm.bind(undefined, 'exit 1'), 'npm has no answer'],
  ['an answer of another kind', withNpm.bind(undefined, 'echo "[]"'), 'npm has no answer'],
  ['no npm', () => ({PATH: folderWith()}), 'npm is not there to ask'],
])('%s: the way over another machine is told', async (_name, env, why) => {
  const {code, said} = await setup('gpu --build vulkan', env());
  expect(code).toBe(5);
  expect(said).toBe(`error: @node-llama-cpp/linux-x64-vulkan@3.22.1 cannot be found: ${why}\n${ELSEWHERE}`);
});

test.runIf(systemName() === 'linux-x64')('a registry with another package under the name is not believed', async () => {
  const answer = JSON.stringify({tarball: 'http://127.0.0.1:9/x.tgz', integrity: 'sha512-AAAA'});
  const {code, said} = await setup('gpu --build vulkan', withNpm(`echo '${answer}'`));
  expect(code).toBe(5);
  expect(said).toContain(
    'error: the registry has another @node-llama-cpp/linux-x64-vulkan@3.22.1 than the one this program knows\n',
  );
});

test.runIf(systemName() === 'linux-x64')('a file that is not the package is not installed', async () => {
  const file = join(folderWith({'x.tgz': 'something else'}), 'x.tgz');
  const {code, said} = await setup(`gpu --build vulkan --from ${file}`);
  expect(code).toBe(3);
  expect(said).toContain(`error: ${file} is not the package that was promised`);
});
