// What `npm pack` gives, installed into an empty folder and used by a user without rights: the programs, the export, its
// types and the examples. The build of this run is packed; nothing is built again.
import {type ExecFileOptions, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {denseFolder} from '../fixtures/tiny-families.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** Who has no rights: the number of `nobody` on Linux. Who is no administrator already has none to give up. */
const WITHOUT_RIGHTS = process.getuid?.() === 0 ? {uid: 65_534, gid: 65_534} : {};
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mistral-installed-')));
const home = join(folder, 'home');
/** Without what npm tells the scripts it runs, this one among them. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^MISTRAL_|^XDG_/.test(name)));

/** Runs a program of the installation as the user without rights; its stdout. */
async function use(program: string, args: readonly string[], stdin = ''): Promise<string> {
  const options: ExecFileOptions = {cwd: home, env: {...env, HOME: home}, ...WITHOUT_RIGHTS};
  const started = run(process.execPath, [program, ...args], options);
  started.child.stdin?.end(stdin);
  return String((await started).stdout);
}
const bin = (name: string) => join(folder, 'node_modules/mistral-chat/bin', `${name}.js`);

beforeAll(async () => {
  await run(process.execPath, [join(ROOT, 'scripts/slim-engine.js')], {cwd: ROOT});
  const {stdout} = await run(NPM, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    env,
  });
  const [{filename, bundled}] = JSON.parse(stdout) as [{filename: string; bundled: string[]}];
  expect(bundled).toContain('node-llama-cpp');
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  await run(NPM, ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename)], {
    cwd: folder,
    env,
  });
  mkdirSync(home);
  for (const [name, content] of Object.entries(denseFolder())) {
    mkdirSync(join(home, 'model'), {recursive: true});
    writeFileSync(join(home, 'model', name), content);
  }
  chmodSync(folder, 0o755);
  if (WITHOUT_RIGHTS.uid !== undefined) {
    for (const path of [home, join(home, 'model')]) chownSync(path, WITHOUT_RIGHTS.uid, WITHOUT_RIGHTS.gid);
  }
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** Every folder of a package, its place below the installation. */
function packages(below = 'node_modules'): string[] {
  const names = readdirSync(join(folder, below)).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) => {
    const path = `${below}/${name}`;
    if (name.startsWith('@')) return packages(path);
    return [path, ...(existsSync(join(folder, path, 'node_modules')) ? packages(`${path}/node_modules`) : [])];
  });
}

test('an installation keeps to its budget, runs no scripts and brings nothing for GPUs', () => {
  const files = readdirSync(join(folder, 'node_modules'), {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  expect(bytes / 1e6).toBeLessThan(120);
  const there = packages();
  expect(there.length, there.join('\n')).toBeLessThan(120);
  expect(
    there.filter((path) => /-(cuda|cuda-ext|vulkan)$|\/(ink|react|fastify|zod|undici|lowlight)$/.test(path)),
  ).toEqual([]);
  const scripts = there.filter((path) => {
    const manifest = JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'));
    return Object.keys(manifest.scripts ?? {}).some((name) => /^(pre|post)?install$/.test(name));
  });
  expect(scripts).toEqual([]);
  const own = files.filter((file) => file.includes('/node_modules/mistral-chat/dist/'));
  expect(own.filter((file) => file.endsWith('.d.ts'))).toEqual([
    join(folder, 'node_modules/mistral-chat/dist/index.d.ts'),
  ]);
});

test('it has the notices of what it holds and brings', () => {
  const notices = readFileSync(join(folder, 'node_modules/mistral-chat/THIRD_PARTY_NOTICES.txt'), 'utf8');
  const packageNames = [
    'highlight\\.js',
    'ink',
    'react',
    'yoga-layout',
    'undici',
    'fastify',
    'node-llama-cpp',
    'koffi',
    'ajv',
  ];
  for (const name of packageNames) expect(notices).toMatch(new RegExp(`^${name} [\\d.]+ \\(`, 'm'));
  expect(notices).toContain('Copyright (c) 2006, Ivan Sagalaev');
  expect(notices).toContain('llama.cpp and ggml (MIT)');
  expect(notices).toContain('The ggml authors');
  expect(notices).not.toMatch(/^(typescript|cmake-js|vitest) /m);
});

test('chat, fill-in-the-middle and inspect answer, by both engines, and the pages of man are there', async () => {
  expect(await use(bin('mistral-chat'), ['--instruct'], 'What is the capital of France?\nAnd of Italy?\n')).toBe(
    'The capital of France is Paris.\nThe capital of Italy is Rome.\n',
  );
  // Over the addon, whose packages the tarball brings.
  expect(
    await use(bin('mistral-fim'), ['--engine', 'addon', '--prefix', 'def add(', '--suffix', '    return sum']),
  ).toBe('a, b):\n    sum = a + b\n');
  expect(JSON.parse(await use(bin('mistral'), ['inspect', '--json']))).toMatchObject({quantisation: 'Q8_0'});
  const page = readFileSync(join(folder, 'node_modules/mistral-chat/man/mistral-serve.1'), 'utf8');
  expect(page).toContain('.SH NAME\nmistral\\-serve \\- serve a model over HTTP');
});

test('a folder of weights is converted, by the library of the engine', async () => {
  const out = join(home, 'q4.gguf');
  await use(bin('mistral'), ['convert', join(home, 'model'), '--quant', 'Q4_K_M', '--workers', '1', '--out', out]);
  expect(JSON.parse(await use(bin('mistral'), ['inspect', out, '--json']))).toMatchObject({quantisation: 'Q4_K_M'});
});

test('the server answers and ends when it is asked to', async () => {
  const options = {
    cwd: home,
    env: {...env, HOME: home},
    ...WITHOUT_RIGHTS,
  };
  const server = spawn(process.execPath, [bin('mistral'), 'serve', '--port', '0'], options);
  let told = '';
  for await (const text of server.stderr.setEncoding('utf8')) {
    told += text;
    if (/serving .* at (\S+)/.test(told)) break;
  }
  const [, url] = /serving .* at (http:\S+)/.exec(told) ?? [];
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({messages: [{role: 'user', content: 'What is the capital of France?'}], temperature: 0}),
  });
  expect(await reply.json()).toMatchObject({choices: [{message: {content: 'The capital of France is Paris.'}}]});
  expect((await (await fetch(`${url}/openapi.json`)).json()).openapi).toBe('3.1.0');
  server.kill();
  const [code, signal] = await once(server, 'exit');
  expect([code, signal]).toEqual([0, null]);
});

test.each([
  ['chat', 'The capital of France is Paris. (11 tokens, stop)\nThe capital of Italy is Rome. (11 tokens, stop)\n'],
  ['errors', 'model_not_found, exit code 3, HTTP status 404\n'],
  ['fill-in-the-middle', 'a, b):\n    sum = a + b\n'],
  ['stop', 'Monday, Tuesday\naborted\n'],
  ['tokens', 'v3 <s> [INST] ▁Hi ! [/INST]\n'],
  ['tools', 'get_current_weather {"location": "Paris", "format": "celsius"}\nIt is 21 degrees celsius in Paris.\n'],
])('examples/%s.js prints what it did', async (name, printed) => {
  cpSync(join(ROOT, 'examples', `${name}.js`), join(folder, `${name}.js`));
  const model = join(folder, 'node_modules/mistral-chat/models/demo/mistral-demo-q8_0.gguf');
  expect(await use(join(folder, `${name}.js`), [model])).toBe(printed);
});

test('every example is run', () => {
  expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual(
    ['chat', 'errors', 'fill-in-the-middle', 'stop', 'tokens', 'tools'].map((name) => `${name}.js`),
  );
});

const COMPILED = `
import {type Backend, Conversation, EngineError, type ErrorCode, fromPlain, openLocalBackend, type Tool} from 'mistral-chat';

const backend = await openLocalBackend({file: 'model.gguf', contextSize: 4096, onProgress: (part) => part.toFixed()});
const tools: readonly Tool[] = [{name: 'now', description: 'The time', parameters: fromPlain({type: 'object'})}];
const chat = new Conversation({
  backend,
  settings: () => ({sampling: {temperature: 0.7, maxTokens: 64}, tools}),
  runTool: async (call, signal) => (signal.aborted ? '' : call.arguments),
});
for await (const event of chat.send('Hello!', new AbortController().signal)) {
  if (event.type === 'text') event.text.trim();
  else if (event.type === 'tool_call') event.call.name.trim();
  else if (event.type === 'finish') event.usage.completionTokens.toFixed();
}
const failed = (error: unknown): ErrorCode | undefined => (error instanceof EngineError ? error.code : undefined);
const answers = async (any: Backend): Promise<number> => (await any.embed?.('text', new AbortController().signal))?.vector.length ?? 0;
export {answers, failed};

// @ts-expect-error a plain object says nothing of how its numbers are written
const plain: Tool = {name: 'now', description: '', parameters: {type: 'object'}};
// @ts-expect-error a model is a file
await openLocalBackend({});
// @ts-expect-error no such setting of sampling
backend.chat({messages: [], sampling: {temperature: 0, warmth: 1}}, AbortSignal.timeout(1));
// @ts-expect-error no such role
chat.reset([{role: 'narrator', content: 'x'}]);
// @ts-expect-error no such code
const code: ErrorCode = 'gone';
export {code, plain};
`;

test('the types are whole without those of any other package, checked to the last', async () => {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'dom'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  };
  writeFileSync(join(folder, 'consumer.ts'), COMPILED);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({compilerOptions, files: ['consumer.ts']}));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const {stdout} = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error as {stdout: string});
  expect(stdout).toBe('');
});
