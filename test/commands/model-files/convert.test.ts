import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {PassThrough} from 'node:stream';
import {expect, test} from 'vitest';
import {confirm} from '../../../src/commands/host/confirm.ts';
import {ioOn} from '../../../src/commands/host/io.ts';
import {run} from '../../../src/commands/program.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {fakeIo} from '../../fakes/io.ts';
import {latentFolder, windowFolder} from '../../fixtures/families-2026.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {tarBytes} from '../../fixtures/tar.ts';
import {denseFolder} from '../../fixtures/tiny-families.ts';
import {safetensors, tensor} from '../../fixtures/tiny-folder.ts';

test('a folder becomes a GGUF beside its weights', async () => {
  const folder = folderWith(denseFolder());
  const io = fakeIo();
  expect(await run('mistral', ['convert', folder, '--quant', 'bf16', '--workers', '0', '--json'], io)).toBe(0);
  const {path, bytes} = JSON.parse(io.out()) as {path: string; bytes: number};
  expect(path).toBe(join(folder, `${folder.split('/').at(-1)}-BF16.gguf`));
  expect(readFileSync(path)).toHaveLength(bytes);
  expect(io.err()).toMatch(/^wrote .*-BF16\.gguf: 2\d\d kB in \d+ s\n$/);
});

test('a file that is there is replaced only by force', async () => {
  const folder = folderWith({...denseFolder(), 'out.gguf': 'mine'});
  const out = join(folder, 'out.gguf');
  const io = fakeIo();
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], io)).toBe(2);
  expect(io.err()).toContain(`${out} already exists`);
  expect(readFileSync(out, 'utf8')).toBe('mine');
  expect(await run('mistral', ['convert', folder, '--out', out, '--force', '--workers', '0'], fakeIo())).toBe(0);
  expect(readGguf(out).tensors).toHaveLength(21);
});

test('the vocabulary alone and a given context length', async () => {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'v.gguf');
  await run(
    'mistral',
    ['convert', folder, '--vocab-only', '--ctx-train', '777', '--out', out, '--workers', '0'],
    fakeIo(),
  );
  expect(readGguf(out).tensors).toEqual([]);
  expect(readGguf(out).metadata.number('llama.context_length')).toBe(777);
});

test('an unknown quantisation is refused before anything is read', async () => {
  const io = fakeIo();
  expect(await run('mistral', ['convert', '/nowhere', '--quant', 'Q9'], io)).toBe(2);
  expect(io.err()).toContain('Expected one of F32, F16, Q8_0, BF16, Q6_K');
});

test('a sliding window is kept, or left out on request, and both are verified as what they are', async () => {
  const folder = folderWith(windowFolder('ministral'));
  const made = async (...flags: string[]) => {
    const io = fakeIo();
    const out = join(folder, `${flags.length}.gguf`);
    expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0', '--json', ...flags], io)).toBe(0);
    expect(await run('mistral', ['verify', out, folder, '--workers', '0'], fakeIo())).toBe(0);
    const {notes} = JSON.parse(io.out()) as {notes: string[]};
    return [readGguf(out).metadata.string('general.architecture'), ...notes];
  };
  expect(await made()).toEqual([
    'granite_swa',
    'A sliding window of 24 tokens is kept for 1 of 2 layers: other programs need llama.cpp with the architecture granite_swa.',
  ]);
  expect(await made('--no-window')).toEqual([
    'llama',
    "The sliding window is left out: beyond 24 tokens the answers are others than the model's.",
  ]);
});

test('whose scale of attention is taken can be said', async () => {
  const folder = folderWith(latentFolder({format: 'hf'}));
  const multiplier = async (...flags: string[]) => {
    const out = join(folder, 'out.gguf');
    expect(
      await run('mistral', ['convert', folder, '--out', out, '--force', '--workers', '0', ...flags], fakeIo()),
    ).toBe(0);
    return readGguf(out).metadata.number('mistral4.rope.scaling.yarn_log_multiplier');
  };
  expect(await multiplier()).toBeUndefined();
  expect(await multiplier('--rope-scale', 'mistral')).toBeUndefined();
  expect(await multiplier('--rope-scale', 'config')).toBe(Math.fround(0.1));
});

test.each<[string, string[], string]>([
  ['--no-window', ['--no-window'], ' has no sliding window\nLeave it out.\n'],
  [
    '--rope-scale config',
    ['--rope-scale', 'config'],
    '\nIt is for latent attention with YaRN (Small 4, Leanstral, Large 3)',
  ],
  [
    '--rope-scale of nobody',
    ['--rope-scale', 'theirs'],
    "argument 'theirs' is invalid. Allowed choices are mistral, config.",
  ],
])('%s is refused where it can decide nothing', async (_, flags, line) => {
  const folder = folderWith(denseFolder());
  const io = fakeIo();
  expect(await run('mistral', ['convert', folder, '--workers', '0', ...flags], io)).toBe(2);
  expect(io.err()).toContain(line);
  expect(readdirSync(folder).filter((name) => name.includes('gguf'))).toEqual([]);
});

test('a stop leaves nothing half', async () => {
  const folder = folderWith(denseFolder());
  const io = fakeIo();
  io.stopWith('SIGINT');
  expect(await run('mistral', ['convert', folder, '--workers', '0'], io)).toBe(130);
  expect(readdirSync(folder).filter((name) => name.includes('gguf'))).toEqual([]);
});

test('a chat with a folder that needs conversion asks first, and says how when nobody can be asked', async () => {
  const folder = folderWith(denseFolder());
  const cache = folderWith();
  const io = fakeIo('hello\n', {XDG_CACHE_HOME: cache});
  expect(await run('mistral-chat', [folder, '--instruct'], io)).toBe(2);
  expect(io.err()).toContain('has to be converted once: 122 kB as Q8_0 into');
  expect(io.err()).toContain('add --yes to agree');
  expect(existsSync(join(cache, 'mistral-chat'))).toBe(false);
});

test('a tar asks before it is unpacked, and is opened as its folder', async () => {
  const entries = Object.entries(denseFolder()).map(([name, content]) => [{name: `m/${name}`}, content] as const);
  const folder = folderWith({'m.tar': await tarBytes(...entries)});
  const cache = folderWith();
  const chat = async (...flags: string[]) => {
    const io = fakeIo('hello\n', {XDG_CACHE_HOME: cache});
    return {code: await run('mistral-chat', [join(folder, 'm.tar'), '--instruct', ...flags], io), err: io.err()};
  };
  const first = await chat();
  expect(first.code).toBe(2);
  expect(first.err).toMatch(/m\.tar has to be unpacked once: 2\d\d kB into \S+\/unpacked\/[0-9a-f]{16}\/m\.\n/);
  expect(readdirSync(cache)).toEqual([]);
  // An impossible quantisation stops the chat behind the unpacking: the engine is not what is tested here.
  const second = await chat('--yes', '--quant', 'Q9');
  expect(second.err).toContain('unknown quantisation "Q9"');
  expect(readdirSync(join(cache, 'mistral-chat/unpacked')).length).toBe(1);
  expect((await chat()).err).toMatch(/^error: \S+\/m has to be converted once/);
});

test.each([
  ['y', true],
  ['', true],
  ['no', false],
])('the answer %j means %s', async (answer, agreed) => {
  const stdin = Object.assign(new PassThrough(), {isTTY: true});
  const stderr = Object.assign(new PassThrough(), {isTTY: true});
  const asked = confirm(ioOn({...fakeIo(), stdin, stdout: new PassThrough(), stderr}), 'It takes long.', 'Continue?');
  stdin.write(`${answer}\n`);
  expect(await asked).toBe(agreed);
  expect(String(stderr.read())).toContain('It takes long. Continue? [Y/n] ');
});

const adapter = safetensors([
  tensor('layers.0.attention.wq.lora_A.weight', [4, 64]),
  tensor('layers.0.attention.wq.lora_B.weight', [64, 4]),
]);

test('an adapter becomes an adapter GGUF for the base that is named', async () => {
  const folder = folderWith(denseFolder());
  const lora = folderWith({'lora.safetensors': adapter});
  const io = fakeIo();
  expect(await run('mistral', ['convert', lora], io)).toBe(2);
  expect(io.err()).toContain('name its base model with --base');
  expect(await run('mistral', ['convert', lora, '--base', folder, '--scaling', '3', '--json'], io)).toBe(0);
  const {path} = JSON.parse(io.out()) as {path: string};
  expect(path).toBe(join(lora, 'lora.gguf'));
  expect(readGguf(path).metadata.number('adapter.lora.alpha')).toBe(12);
});

test.each<[string, Record<string, string | Uint8Array>, string, string]>([
  [
    'a tar',
    {'m.tar': Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), Buffer.alloc(300)])},
    'm.tar',
    'is a tar archive',
  ],
  ['a git-LFS pointer', {'m.bin': 'version https://git-lfs.github.com/spec/v1\n'}, 'm.bin', 'is a git-LFS pointer'],
  ['a web page', {'m.bin': '<!doctype html><title>403</title>'}, 'm.bin', 'is a web page'],
  ['nothing', {}, 'none', 'there is no file, folder or fetched model'],
  ['a folder without an adapter', {'x/readme': ''}, 'x', 'there is no params.json or config.json: it has readme'],
])('%s in place of a folder is told in one line', async (_, files, name, message) => {
  const folder = folderWith(files);
  const io = fakeIo();
  expect(await run('mistral', ['convert', join(folder, name)], io)).toBe(3);
  expect(io.err().split('\n')[0]).toContain(message);
  expect(readdirSync(folder)).toEqual(Object.keys(files).map((file) => file.split('/')[0]));
});

test('a GGUF is not converted again', async () => {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'm.gguf');
  await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], fakeIo());
  const io = fakeIo();
  expect(await run('mistral', ['convert', out], io)).toBe(3);
  expect(io.err()).toContain('m.gguf is already a GGUF file');
});
