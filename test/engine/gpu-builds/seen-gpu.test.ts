import {expect, test} from 'vitest';
import {gpuBuild} from '../../../src/engine/gpu-builds/build-table.ts';
import {seenGpu} from '../../../src/engine/gpu-builds/seen-gpu.ts';

function machine(system: string, ...files: string[]) {
  const exists = (path: string) => files.includes(path.replaceAll('\\', '/'));
  const list = (folder: string) =>
    files.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length + 1));
  return {system, windows: 'C:/Windows', exists, list};
}

test.each([
  ['NVIDIA', machine('linux', '/dev/nvidiactl', '/dev/dri/renderD128'), 'cuda'],
  ['Intel or AMD', machine('linux', '/dev/dri/card0', '/dev/dri/renderD128'), 'vulkan'],
  ['AMD compute', machine('linux', '/dev/kfd'), 'vulkan'],
  ["Windows' own under WSL", machine('linux', '/dev/dxg', '/usr/lib/wsl/lib/libcuda.so.1'), 'cuda'],
  ['WSL without the driver', machine('linux', '/dev/dxg'), undefined],
  ['a card that only shows pictures', machine('linux', '/dev/dri/card0'), undefined],
  ['no GPU', machine('linux'), undefined],
  ['a Mac, whose build has Metal', machine('darwin', '/dev/dri/renderD128'), undefined],
  ['NVIDIA on Windows', machine('win32', 'C:/Windows/System32/nvcuda.dll'), 'cuda'],
  ['another on Windows', machine('win32', 'C:/Windows/System32/vulkan-1.dll'), 'vulkan'],
  ['none on Windows', machine('win32'), undefined],
])('%s', (_name, files, kind) => {
  expect(seenGpu(files)).toBe(kind);
});

test('only systems that node-llama-cpp has a package for have a build', () => {
  expect(gpuBuild('cuda', 'linux-x64')?.main.name).toBe('@node-llama-cpp/linux-x64-cuda');
  expect(gpuBuild('vulkan', 'win-x64')?.main.name).toBe('@node-llama-cpp/win-x64-vulkan');
  expect(gpuBuild('cuda', 'linux-arm64')).toBeUndefined();
});
