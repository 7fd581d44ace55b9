// Every command and every kind of name: whatever names a model for one command names it for all.
import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {type FakeIo, fakeIo} from '../../fakes/io.ts';
import {scriptedEngine, scriptedModel} from '../../fakes/scripted-engine.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {tarBytes} from '../../fixtures/tar.ts';
import {denseFolder} from '../../fixtures/tiny-families.ts';
import {type Files, safetensors, tensor} from '../../fixtures/tiny-folder.ts';

const HUB = '.cache/huggingface/hub';
const SEVEN = `${HUB}/models--bartowski--Mistral-7B-Instruct-v0.3-GGUF/snapshots/c0ffee`;
const TINY = `${HUB}/models--me--tiny-GGUF/snapshots/c0ffee`;
const WEIGHTS = `${HUB}/models--me--weights/snapshots/c0ffee`;

/** Names of files, each with the file it leads to, below the home. */
const FILES: Readonly<Record<string, string>> = {
  'here.gguf': 'work/here.gguf',
  './folder': 'work/folder/only.gguf',
  'link.gguf': 'work/link.gguf',
  '~/models/at-home.gguf': 'models/at-home.gguf',
  'fetched.gguf': '.cache/mistral-chat/models/fetched/fetched.gguf',
  'studio.gguf': '.lmstudio/models/a/b/studio.gguf',
  'mistral-7b': `${SEVEN}/Mistral-7B-Instruct-v0.3-Q4_K_M.gguf`,
  '7B:Q8_0': `${SEVEN}/Mistral-7B-Instruct-v0.3-Q8_0.gguf`,
  'hf:me/tiny-GGUF': `${TINY}/tiny-Q5_0.gguf`,
  'me/tiny-GGUF:Q5_0': `${TINY}/tiny-Q5_0.gguf`,
  'hf:me/tiny-GGUF/tiny-Q5_0.gguf': `${TINY}/tiny-Q5_0.gguf`,
  'tiny-Q5_0.gguf': `${TINY}/tiny-Q5_0.gguf`,
};

/** Names of folders of weights that are still to be converted. */
const FOLDERS: Readonly<Record<string, string>> = {
  './dense': 'work/dense',
  'dense/params.json': 'work/dense',
  'dense/consolidated.safetensors': 'work/dense',
  'my-7B': 'mistral_models/my-7B',
  codestral: 'mistral_models/codestral',
  'codestral:original': 'mistral_models/codestral',
  'hf:me/weights': WEIGHTS,
};

const TOOLS = '[{"name": "add", "description": "", "parameters": {"type": "object", "properties": {}}}]';

const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));

/** A home with one model under all those names, and its folder `work` to be in. */
async function homeWith(model: Uint8Array): Promise<string> {
  const dense = denseFolder();
  const tar = Object.entries(dense).map(([name, content]) => [{name: `dense/${name}`}, content as Uint8Array] as const);
  const home = folderWith({
    ...Object.fromEntries(Object.values(FILES).map((path) => [path, model])),
    [`${SEVEN}/Mistral-7B-Instruct-v0.3-Q8_0.gguf`]: model,
    ...Object.assign(
      {},
      ...['work/dense', 'mistral_models/my-7B', 'mistral_models/codestral', WEIGHTS].map((at) => below(at, dense)),
    ),
    'work/dense.tar': await tarBytes(...tar),
    'work/tools.json': TOOLS,
    'work/exam.json': '{"cases": [{"request": {"prompt": "a"}, "expect": {}}]}',
  });
  symlinkSync('here.gguf', join(home, 'work/link-to.gguf'));
  return home;
}

/** In the home's folder `work`. Whatever waits for a signal, such as a server that is ready, gets it at once. */
function ioIn(home: string, env: NodeJS.ProcessEnv = {}): FakeIo {
  const outside = {cwd: join(home, 'work'), captureInterrupt: endAtOnce};
  return Object.assign(fakeIo('', {HOME: home, MISTRAL_STATE_DIR: join(home, 'state'), ...env}), outside);
}

function endAtOnce(handler: () => void): () => void {
  setImmediate(handler);
  return () => {};
}

type Argv = (...name: string[]) => string[];

/** The commands that open a model, with what they are asked beside its name. */
const OPENING: Readonly<Record<string, Argv>> = {
  chat: (...name) => ['mistral-chat', ...name, '--instruct', '-p', 'hi'],
  demo: (...name) => ['mistral-demo', ...name],
  fim: (...name) => ['mistral-fim', ...name, '--prefix', 'a', '--suffix', 'b'],
  tools: (...name) => ['mistral-tools', ...name, '--tools', 'tools.json', '-p', 'hi'],
  bench: (...name) => ['mistral', 'bench', ...name, '--prompt-tokens', '2', '--generated-tokens', '1', '-r', '1'],
  exam: (...name) => ['mistral', 'exam', 'exam.json', ...name],
  serve: (...name) => ['mistral', 'serve', ...name, '--port', '0', '--log-level', 'silent'],
  worker: (...name) => [
    'mistral',
    'worker',
    ...name,
    '--api-server',
    'http://[::1]:1',
    '--job-type',
    'a',
    '--auth-key',
    'k',
  ],
};

/** The commands that only look into a model. */
const LOOKING: Readonly<Record<string, Argv>> = {
  inspect: (...name) => ['mistral', 'inspect', ...name, '--json'],
  tokenize: (...name) => ['mistral', 'tokenize', ...name, '--text', 'the cat', '--json'],
  'tools --dry-run': (...name) => [
    'mistral-tools',
    ...name,
    '--tools',
    'tools.json',
    '-p',
    'hi',
    '--dry-run',
    '--json',
  ],
};

const started = async ([program = '', ...argv]: readonly string[], io: FakeIo) => ({
  code: await run(program, argv, io),
  out: io.out(),
  err: io.err(),
});

test.each(Object.entries(OPENING))('%s opens the file that any name leads to', async (_command, argv) => {
  const {opened} = scriptedEngine();
  const home = await homeWith(scriptedModel('the cat'));
  for (const [name, file] of Object.entries(FILES)) {
    const {code, err} = await started(argv(name), ioIn(home));
    expect([name, code, err.match(/^error.*/m)]).toEqual([name, 0, null]);
    expect([name, opened.at(-1)?.path]).toEqual([name, join(home, file)]);
  }
});

test.each(Object.entries(OPENING))(
  '%s takes the name from $MISTRAL_MODEL, also for an empty argument',
  async (_, argv) => {
    const {opened} = scriptedEngine();
    const home = await homeWith(scriptedModel('the cat'));
    for (const name of ['~/models/at-home.gguf', 'mistral-7b', 'here.gguf']) {
      for (const argument of [[], ['']]) {
        expect((await started(argv(...argument), ioIn(home, {MISTRAL_MODEL: name, MISTRAL_URL: ''}))).code).toBe(0);
        expect(opened.at(-1)?.path).toBe(join(home, FILES[name] ?? ''));
      }
    }
  },
);

test.each(Object.entries(LOOKING))('%s looks into the file that any name leads to', async (command, argv) => {
  const home = await homeWith(scriptedModel('the cat'));
  const names = Object.keys(FILES);
  const looks = async (name: string[], env = {}) => {
    const {code, out, err} = await started(argv(...name), ioIn(home, env));
    expect([name, code, err.match(/^error.*/m)]).toEqual([name, 0, null]);
    return JSON.parse(out) as {path?: string; pieces?: string[]};
  };
  for (const name of names) {
    const found = await looks([name]);
    expect(await looks([], {MISTRAL_MODEL: name})).toEqual(found);
    if (command === 'inspect') expect(found.path).toBe(join(home, FILES[name] ?? ''));
    else expect(found.pieces).toContain(command === 'tokenize' ? '▁cat' : '[AVAILABLE_TOOLS]');
  }
});

test.each(Object.entries(LOOKING))(
  '%s looks into a folder of weights, and changes nothing in it',
  async (command, argv) => {
    const home = await homeWith(scriptedModel('the cat'));
    const before = readdirSync(home, {recursive: true});
    for (const [name, folder] of Object.entries(FOLDERS)) {
      const {code, out, err} = await started(argv(name), ioIn(home));
      expect([name, code, err.match(/^error.*/m)]).toEqual([name, 0, null]);
      const found = JSON.parse(out) as {path?: string; ids?: number[]};
      if (command === 'inspect') expect(found.path).toBe(join(home, folder));
      else expect(found.ids?.length).toBeGreaterThan(2);
    }
    expect(readdirSync(home, {recursive: true})).toEqual(before);
  },
);

test('verify and convert --base take any name too', async () => {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'out.gguf');
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], fakeIo())).toBe(0);
  const home = await homeWith(readFileSync(out));
  const lora = ['lora_A.weight', 'lora_B.weight'].map((name, at) =>
    tensor(`layers.0.attention.wq.${name}`, at === 0 ? [4, 64] : [64, 4]),
  );
  writeFileSync(join(home, 'work/lora.safetensors'), safetensors(lora));
  for (const name of Object.keys(FILES)) {
    for (const source of name === 'here.gguf' ? Object.keys(FOLDERS) : ['./dense']) {
      const {code, err} = await started(['mistral', 'verify', name, source, '--workers', '0'], ioIn(home));
      expect([name, source, code, err]).toEqual([
        name,
        source,
        0,
        expect.stringContaining('holds 21 tensors, all as in'),
      ]);
    }
  }
  for (const base of [...Object.keys(FILES), ...Object.keys(FOLDERS)]) {
    const lora = ['mistral', 'convert', 'lora.safetensors', '--base', base, '--force'];
    const {code, err} = await started(lora, ioIn(home));
    expect([base, code, err]).toEqual([base, 0, expect.stringContaining('use it with --lora-path')]);
  }
  expect(readdirSync(join(home, 'work'))).toContain('lora.gguf');
});

test('a name of the catalogue that is not here says how to fetch it, in every command', async () => {
  const home = await homeWith(scriptedModel('a'));
  for (const [command, argv] of Object.entries({
    ...OPENING,
    ...LOOKING,
    verify: (name: string) => ['mistral', 'verify', name, 'dense'],
  })) {
    const {code, err} = await started(argv('mathstral'), ioIn(home));
    const lines = err.split('\n').filter((line) => !/^(listening|note)/.test(line));
    expect([command, code, lines]).toEqual([
      command,
      3,
      [
        'error: there is no file, folder or fetched model mathstral',
        "If it is a model's name, fetch it: mistral pull mathstral",
        '',
      ],
    ]);
  }
});

test('an archive is read where it lies, as the folder it would be unpacked to', async () => {
  const home = await homeWith(scriptedModel('a'));
  const ids = async (name: string) => {
    const {code, out} = await started(['mistral', 'tokenize', name, '--text', 'the cat', '--json'], ioIn(home));
    expect(code).toBe(0);
    return JSON.parse(out) as {ids: number[]; version: string};
  };
  const inTar = await ids('dense.tar');
  expect(inTar).toEqual(await ids('dense'));
  expect(inTar.version).toBe('v3');
  expect(readdirSync(join(home, '.cache/mistral-chat'))).toEqual(['models']);
  const refused = await started(['mistral', 'inspect', 'dense.tar'], ioIn(home));
  expect(refused).toMatchObject({code: 3, err: expect.stringContaining('is a tar archive that is not unpacked\n')});
});

test('a link whose target is gone is named, alone and in a folder', async () => {
  const home = await homeWith(scriptedModel('a'));
  symlinkSync('../blobs/abc', join(home, 'work/gone.gguf'));
  mkdirSync(join(home, 'work/emptied'));
  symlinkSync('/nowhere/m.gguf', join(home, 'work/emptied/m.gguf'));
  symlinkSync('circle.gguf', join(home, 'work/circle.gguf'));
  const link = join(home, 'work/gone.gguf');
  const inFolder = join(home, 'work/emptied/m.gguf');
  for (const argv of Object.values({...OPENING, ...LOOKING})) {
    expect(await started(argv('gone.gguf'), ioIn(home))).toMatchObject({
      code: 3,
      err: expect.stringContaining(
        `error: ${link} is a link to ../blobs/abc, which is not there\nFetch the model again`,
      ),
    });
    expect(await started(argv('emptied'), ioIn(home))).toMatchObject({
      code: 3,
      err: expect.stringContaining(
        `${inFolder} is a link to /nowhere/m.gguf, which is not there: fetch the model again.`,
      ),
    });
    expect(await started(argv('circle.gguf'), ioIn(home))).toMatchObject({
      code: 1,
      err: expect.stringContaining('circle.gguf cannot be read: its links lead in a circle'),
    });
  }
});

test('a tokenizer alone is for who needs no weights', async () => {
  const home = await homeWith(scriptedModel('a'));
  const spm = readFileSync(join(home, 'work/dense/tokenizer.model.v3'));
  const file = join(home, 'work/only/tokenizer.model.v3');
  mkdirSync(dirname(file));
  writeFileSync(file, spm);
  for (const name of ['only', 'only/tokenizer.model.v3']) {
    for (const [command, argv] of Object.entries({...OPENING, ...LOOKING})) {
      const {code, err} = await started(argv(name), ioIn(home));
      const takes = command === 'tokenize' || command === 'tools --dry-run';
      expect([command, name, code]).toEqual([command, name, takes ? 0 : 3]);
      if (!takes) expect(err).toMatch(/is a tokenizer, not a model\n|there is no model in .*only: it has tokenizer/);
    }
  }
});

test('a dry run for a server needs its tokenizer, which may be named as a model is', async () => {
  const home = await homeWith(scriptedModel('a'));
  const dryRun = (...rest: string[]) =>
    started(['mistral-tools', '--tools', 'tools.json', '-p', 'hi', '--dry-run', '--json', ...rest], ioIn(home));
  const url = ['--url', 'http://127.0.0.1:1/v1'];
  expect(await dryRun(...url)).toMatchObject({
    code: 2,
    err: expect.stringContaining('is made by that server\nGive its'),
  });
  expect(JSON.parse((await dryRun(...url, '--tokenizer', 'mistral-7b')).out)).toEqual(
    JSON.parse((await dryRun('mistral-7b')).out),
  );
  expect(await dryRun('--tokenizer', 'mistral-7b')).toMatchObject({
    code: 2,
    err: expect.stringContaining('works only with --url'),
  });
});
