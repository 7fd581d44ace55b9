import {readdirSync} from 'node:fs';
import {expect, test} from 'vitest';
import {offerGpuBuild} from '../../../src/commands/host/offer-gpu-build.ts';
import {systemName} from '../../../src/engine/engine-packages.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';

const machine = (...files: string[]) => ({
  system: 'linux',
  windows: '',
  exists: (path: string) => files.includes(path),
  list: () => [],
});

test.runIf(systemName() === 'linux-x64')('a GPU without its build is told once', () => {
  const state = folderWith();
  const told = (files: ReturnType<typeof machine>) => {
    const io = fakeIo('', {MISTRAL_STATE_DIR: state});
    offerGpuBuild(io, files);
    return io.err();
  };
  expect(told(machine())).toBe('');
  expect(told(machine('/dev/nvidiactl'))).toBe(
    'note: this machine has a GPU; mistral setup gpu fetches its build of the engine (181 MB). This is told once\n',
  );
  expect(told(machine('/dev/nvidiactl'))).toBe('');
  expect(readdirSync(state)).toEqual(['told-of-cuda-build']);
});
