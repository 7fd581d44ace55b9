// Conversion by the built program: worker threads, the engine's quantiser, signals, two processes at once.
import {execFile, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect, test} from 'vitest';
import {readVocabulary} from '../../src/engine/convert/vocabulary/vocabulary.ts';
import {folderWith} from '../fixtures/folder.ts';
import {denseFolder, hfFolder, wideFolder} from '../fixtures/tiny-families.ts';
import {tokenizerJson} from '../fixtures/tokenizer-json.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../bin/mistral.js', import.meta.url));
const chat = fileURLToPath(new URL('../../bin/mistral-chat.js', import.meta.url));
/** Under a fixed name: the name of the folder goes into the file. */
const filesIn = (folder: string, files: Readonly<Record<string, Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function fileIn(folder: string, extension: string): Promise<void> {
  while (!readdirSync(folder).some((name) => name.endsWith(extension)))
    await new Promise((next) => setTimeout(next, 2));
}

test('worker threads write the bytes one thread writes', async () => {
  const folder = folderWith(wideFolder());
  const outs = [0, 1, 3].map((workers) => [String(workers), join(folder, `${workers}.gguf`)] as const);
  for (const [workers, out] of outs)
    await run('node', [program, 'convert', folder, '--workers', workers, '--out', out]);
  expect(new Set(outs.map(([, out]) => sha256(out))).size).toBe(1);
});

test('K-quants come from the engine itself and leave no temporary file', async () => {
  const folder = folderWith(wideFolder());
  const out = join(folder, 'q.gguf');
  await run('node', [program, 'convert', folder, '--quant', 'Q4_K_M', '--workers', '1', '--out', out]);
  const {stdout} = await run('node', [program, 'inspect', out, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    quantisation: 'Q4_K_M',
    types: [{type: 'Q4_K'}, {type: 'Q6_K'}, {type: 'F32'}],
  });
  expect(readdirSync(folder).sort()).toEqual([
    'consolidated.safetensors',
    'params.json',
    'q.gguf',
    'tokenizer.model.v3',
  ]);
});

// llama.cpp's own llama-quantize (v0.5.0) made these from our BF16 file: bench/quantise.ts.
const GOLDENS = [
  ['Q6_K', '8413e98c2df6a079b15cf0b92ca7a2a140bd685efea7d624750f69e03b9b0a5e'],
  ['Q5_K_M', '814856a9fd36a442f86ac5baa8d2c06ee9f342d013eb954b73668eaf9bda6bc2'],
  ['Q4_K_M', 'eab57981868d5987549ec732483d9767f5ab62a2e363294bd71bd965266999b3'],
  ['Q3_K_S', '36d219639f862c13c79c9c77c1754694b1e22bbb5ffeca36ba19bc1292166b6e'],
  ['Q4_0', '6780dcbf2b7cf5c4716ddb3531027e8d44e1c53429cc471217aec53d729ff4b3'],
] as const;

// Other processors may round the sums of the search for scales differently.
test.runIf(process.arch === 'x64').each(GOLDENS)(
  'a folder as %s is the file llama-quantize makes',
  async (type, golden) => {
    const folder = join(folderWith(filesIn('wide', wideFolder())), 'wide');
    const out = join(folder, 'q.gguf');
    await run('node', [program, 'convert', folder, '--quant', type, '--workers', '1', '--out', out]);
    expect(sha256(out)).toBe(golden);
  },
);

test('a disk that fills up in mid-conversion is told in one line and leaves nothing', async () => {
  const folder = folderWith(wideFolder());
  const out = join(folder, 'out', 'm.gguf');
  // A limit of the file size stands in for the disk's: 512 bytes times 6000, where the file takes 8 MB.
  const command = 'ulimit -f 6000; exec "$0" "$@"';
  const args = ['-c', command, process.execPath, program, 'convert', folder, '--quant', 'BF16'];
  await expect(run('sh', [...args, '--workers', '2', '--out', out, '--json'])).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /^error: the disk is full: m\.gguf is not complete\n8\.\d\d MB are needed in \S+\/out: free some space/,
    ),
    stdout: expect.stringContaining('"code":"disk_full"'),
  });
  expect(readdirSync(join(folder, 'out'))).toEqual([]);
});

test('while one process converts a folder another one says so and leaves it alone', async () => {
  const folder = folderWith(wideFolder());
  const args = [program, 'convert', folder, '--quant', 'Q4_K_M', '--workers', '1', '--out', join(folder, 'm.gguf')];
  const first = spawn('node', args);
  const end = new Promise<number | null>((resolve) => first.on('close', resolve));
  await fileIn(folder, '.part');
  first.kill('SIGSTOP');
  await expect(run('node', args)).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^error: \S+ is being written by another process\n/),
  });
  first.kill('SIGCONT');
  expect(await end).toBe(0);
  expect(readdirSync(folder).filter((name) => name.startsWith('m.gguf'))).toEqual(['m.gguf']);
});

test('an interrupt ends a conversion with 130 and leaves nothing', async () => {
  const folder = folderWith(wideFolder());
  const child = spawn('node', [
    program,
    'convert',
    folder,
    '--workers',
    '1',
    '--quant',
    'Q4_K_M',
    '--out',
    join(folder, 'q.gguf'),
  ]);
  const gone = new Promise<string | null>((resolve) => child.on('close', (_code, signal) => resolve(signal)));
  await fileIn(folder, '.part');
  child.kill('SIGINT');
  expect(await gone).toBe('SIGINT');
  expect(readdirSync(folder).filter((name) => name.startsWith('q.gguf'))).toEqual([]);
});

test('a chat converts a folder once and takes the result the next time', async () => {
  const folder = folderWith(denseFolder());
  const env = {...process.env, XDG_CACHE_HOME: folderWith()};
  const ask = async (...flags: string[]) => {
    const args = [chat, folder, '--instruct', '-p', 'hi', '-t', '0', '--max-tokens', '4', '--threads', '1', ...flags];
    return (await run('node', args, {env})).stderr;
  };
  expect(await ask('--yes')).toContain('has to be converted once');
  const second = await ask();
  expect(second).not.toContain('converted once');
  expect(second).toMatch(/^model: .*-Q8_0\.gguf\n/);
  const {stdout} = await run('node', [program, 'inspect', folder, '--json'], {env});
  const made = JSON.parse(stdout) as Record<string, unknown>;
  expect(made).toMatchObject({path: expect.stringContaining(env.XDG_CACHE_HOME), quantisation: 'Q8_0'});
  expect(made).not.toHaveProperty('source');
});

test('a fine-tune with tokenizer.json alone, over a vocabulary of its own, is converted and chats once its template is named', async () => {
  const {'tokenizer.model': own, ...rest} = hfFolder();
  const vocabulary = readVocabulary('tokenizer.model', 'tokenizer.model', Buffer.from(own as Uint8Array));
  const file = Buffer.from(JSON.stringify(tokenizerJson(vocabulary, {transformers: 4})));
  const folder = folderWith({...rest, 'tokenizer.json': file});
  const out = join(folder, 'm.gguf');
  const {stderr} = await run('node', [program, 'convert', folder, '--workers', '0', '--out', out]);
  expect(stderr).toContain('note: nothing says which template it has');
  const ask = [chat, out, '--instruct', '-p', 'the', '--max-tokens', '4', '--threads', '1', '--json'];
  await expect(run('node', ask)).rejects.toMatchObject({code: 3});
  const {stdout} = await run('node', [...ask, '--template', 'v3']);
  expect(JSON.parse(stdout)).toMatchObject({usage: {prompt_tokens: 4}});
});
