// The plan of the house (docs/design/architecture.md): imports go down only, types counted; a room has few things lying loose;
// every outside package has one owner; asking for help loads next to nothing. When it is in the way, change the plan and
// this test together.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join, posix} from 'node:path';
import {expect, test} from 'vitest';

/** From the ground up. A room sees those named before it; `ui` and `serve` are side by side and do not see each other. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  engine: ['base'],
  ui: ['base', 'engine'],
  serve: ['base', 'engine'],
  commands: ['base', 'engine', 'ui', 'serve'],
};

/** Files in one folder, not counting those of its subfolders. */
const LOOSE = 12;
const LINES = 400;

/** The only place that may import a package. One that is not named here has no owner, and fails. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  commander: /^commands\//,
  ora: /^commands\/host\/progress\.ts$/,
  chalk: /^commands\/host\/report\.ts$/,
  pino: /^commands\/serve\/server-log\.ts$/,
  fastify: /^serve\//,
  '@fastify/cors': /^serve\/app\.ts$/,
  '@fastify/swagger': /^serve\/openapi\.ts$/,
  'fastify-type-provider-zod': /^serve\//,
  zod: /^serve\//,
  'prom-client': /^serve\/metrics\.ts$/,
  ink: /^ui\/ink\.ts$/,
  react: /^ui\/ink\.ts$/,
  lowlight: /^ui\/screen\/highlighter\.ts$/,
  fzf: /^ui\/prompt\/complete\.ts$/,
  // Nothing else counts cells: two tables of widths are a cursor beside its text.
  'get-east-asian-width': /^base\/cells\/width-by-class\.ts$/,
  'node-llama-cpp': /^engine\/llama\//,
  koffi: /^engine\/(convert\/quantise-child|llama\/c-api\/c-library)\.ts$/,
  '@huggingface/jinja': /^engine\/template\/jinja\/jinja-library\.ts$/,
  '@modelcontextprotocol/client': /^engine\/mcp\//,
  ajv: /^engine\/wire\/schema-fault\.ts$/,
  'smol-toml': /^commands\/settings\/toml-document\.ts$/,
  'hash-wasm': /^engine\/models\/pull\//,
  'tar-stream': /^engine\/models\/pull\//,
  undici: /^base\/http\//,
};

/** Doors: who may come in past the room's own files. */
const DOORS: readonly {room: RegExp; from: RegExp}[] = [
  {room: /^engine\/llama\//, from: /^engine\/(llama\/|local\/engines\.ts$)/},
];

/**
 * Who holds a lock is told by the process that takes it, wherever that is; nothing else of it is asked for. The quantiser
 * is a program of its own, and ends itself.
 */
const KNOWS_PROCESS = ['base/files/lock-owner.ts', 'engine/convert/quantise-child.ts'];

/** The process, its home and its temporary folder come as arguments below `commands`. */
const TOUCHES_PROCESS = /\bprocess\.(?!env\.NODE_ENV)\w|\b(?:homedir|tmpdir)\(/;

/**
 * Who cleans text: what writes to a terminal or makes rows and tables for it, what reads the person's keys and file names, and what
 * hands a command's output to a model or puts it into the prompt.
 */
const CLEANS =
  /^(base\/(terminal-text|text-table)|commands\/host\/.*|commands\/tools\/(tool-command|shell-host)|ui\/markdown\/(style|stream|inline\/entities)|ui\/prompt\/.*)\.ts$/;
/** Who writes to the terminal: the host, and on the screen what the sequence is made for. */
const WRITES = /^(commands\/host\/.*|ui\/screen\/(draw\/terminal|screen|prompt-services))\.ts$/;
/** Who says of a text that it is a row, or a sequence for the terminal. */
const MAKES_ROWS = /^ui\/(markdown\/style|screen\/draw\/ink-layout)\.tsx?$/;
const MAKES_SEQUENCES = /^ui\/(clipboard|screen\/notices|screen\/draw\/(terminal|painter|handshake))\.ts$/;

/** One name, one file; a command and the route of the same name are the two faces of one thing. */
const SAME_NAME = ['chat', 'fim'];

/**
 * Who reads files in a way of its own: what the system and this package hold, what a person may give as a pipe, and what was
 * looked at before.
 */
const READS_FILES = [
  'commands/host/io.ts',
  'commands/model-files/hub-token.ts',
  'commands/processes/process-table.ts',
  'commands/serve/server-settings.ts',
  'commands/tools/tool-host.ts',
  'commands/version.ts',
  'engine/llama/addon/cpu-build.ts',
  'engine/llama/addon/why-no-build.ts',
  'engine/models/check-embedded.ts',
  'engine/models/memory/machine.ts',
  'ui/chat/attach-files.ts',
  'ui/screen/external-editor.ts',
];

/** Who writes files in a way of its own: a chat's lines, an archive's files in a folder of ours, a draft for the editor. */
const WRITES_FILES = [
  'engine/conversation/session.ts',
  'engine/models/pull/untar-stream.ts',
  'ui/screen/external-editor.ts',
];

interface Import {
  /** A file under src, or a package. */
  readonly target: string;
  readonly kind: 'value' | 'type' | 'lazy';
}

const root = join(import.meta.dirname, '../src');
const filesOf = (folder: string) =>
  readdirSync(folder, {recursive: true})
    .map((name) => String(name).replaceAll('\\', '/'))
    .filter((name) => /\.tsx?$/.test(name));
const files = filesOf(root);
const source = (file: string) => readFileSync(join(root, file), 'utf8');
const isFile = (target: string) => /\.tsx?$/.test(target);
const roomOf = (file: string) => file.split('/')[0] ?? '';

function importsOf(file: string): Import[] {
  const statement =
    /^(?:import|export)\s+(type\s)?[^;'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)|\brequire\('([^']+)'\)|createRequire\(import\.meta\.url\)\('([^']+)'\)/gm;
  return [...source(file).matchAll(statement)].map(([, type, from, bare, lazy, required, made]) => {
    const name = from ?? bare ?? lazy ?? required ?? made ?? '';
    const target = name.startsWith('.') ? posix.join(posix.dirname(file), name) : name;
    return {target, kind: lazy ? 'lazy' : type ? 'type' : 'value'};
  });
}

const arrows = files.flatMap((file) => importsOf(file).map(({target}) => ({file, target})));
const inside = arrows.filter(({target}) => isFile(target));
const shown = ({file, target}: {file: string; target: string}) => `${file} -> ${target}`;

test('a room sees only the rooms below it', () => {
  const climbing = inside.filter(({file, target}) => {
    const [room, other] = [roomOf(file), roomOf(target)];
    return room !== other && !ROOMS[room]?.includes(other);
  });
  expect(climbing.map(shown)).toEqual([]);
  expect(files.filter((file) => ROOMS[roomOf(file)] === undefined)).toEqual([]);
});

test('in every folder, the files and folders in it import each other in one direction only, types counted', () => {
  const folders = new Set(
    files.flatMap((file) => file.split('/').map((_part, at, parts) => parts.slice(0, at).join('/'))),
  );
  expect([...folders].flatMap((folder) => circlesIn(folder))).toEqual([]);
});

/** The circles among what lies in one folder: each as the names in it. */
function circlesIn(folder: string): string[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const child = (file: string) => (file.startsWith(prefix) ? file.slice(prefix.length).split('/')[0] : undefined);
  const seen = new Map<string, Set<string>>();
  for (const {file, target} of inside) {
    const [from, to] = [child(file), child(target)];
    if (from === undefined || to === undefined || from === to) continue;
    seen.set(from, (seen.get(from) ?? new Set()).add(to));
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    if (path.includes(name)) found.push(`${prefix}: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`);
    if (done.has(name) || path.includes(name)) return;
    for (const next of seen.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of seen.keys()) visit(name, []);
  return found;
}

test('JSON of others is parsed in one place, and what it gives is unknown until a shape has read it', () => {
  // The reader of tekken.json cuts single values out of a large file.
  const owners = ['base/plain-json.ts', 'engine/tokenizer/tekken/json-cursor.ts'];
  const parsing = files.filter((file) => !owners.includes(file) && /\bJSON\.parse\(/.test(source(file)));
  expect(parsing).toEqual([]);
  const casting = files.filter((file) =>
    /\b(?:parsePlainJson|\.json)\((?:[^()]|\([^()]*\))*\)\)? as (?!unknown)/.test(source(file)),
  );
  expect(casting).toEqual([]);
});

test('a package belongs to its owner', () => {
  const outside = arrows.filter(({target}) => !isFile(target) && !target.startsWith('node:'));
  const packageOf = (target: string) => /^(?:@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? '';
  const strangers = outside.filter(({file, target}) => !OWNERS[packageOf(target)]?.test(file));
  expect(strangers.map(shown)).toEqual([]);
});

test('commander is loaded as the one file that the build makes of it; others take its types alone', () => {
  const loading = files.filter((file) =>
    importsOf(file).some(({target, kind}) => target === 'commander' && kind !== 'type'),
  );
  expect(loading).toEqual(['commands/commander.ts']);
});

test('a room is entered by its doors', () => {
  const past = DOORS.flatMap(({room, from}) =>
    inside.filter(({file, target}) => room.test(target) && !from.test(file)),
  );
  expect(past.map(shown)).toEqual([]);
});

/** What the declarations of these files reach: their static imports, those of types too, and no lazy ones. */
function declaredBy(...starts: readonly string[]): string[] {
  return reached(starts, ({kind}) => kind !== 'lazy');
}

test("the package's declarations and its import reach no engine, and no type of its library", () => {
  const engines = /^node-llama-cpp$|^engine\/llama\//;
  expect(declaredBy('engine/index.ts').filter((name) => engines.test(name))).toEqual([]);
});

test('only commands touch the process', () => {
  const others = files.filter((file) => roomOf(file) !== 'commands' && !KNOWS_PROCESS.includes(file));
  const touching = others.filter((file) => TOUCHES_PROCESS.test(source(file)));
  expect(touching.sort()).toEqual([]);
});

test('a screen and a chat get their clock and their chance from the host', () => {
  const own = /Date\.now\(|new Date\(\)|performance\.now\(|Math\.random\(|\brandom(?:Bytes|UUID|Int)\(/;
  expect(files.filter((file) => roomOf(file) === 'ui' && own.test(source(file)))).toEqual([]);
});

test('what a failure means in words has one owner', () => {
  const written = /instanceof Error \? (?:\w+\.message|\w+\.stack)|'(?:permission denied|the disk is full)'/;
  const alone = files.filter((file) => written.test(source(file)));
  expect(alone).toEqual(['base/files/file-error.ts']);
});

test('a limit of time has a timer of its own: one owner knows what Node 20 forgets', () => {
  const alone = files.filter((file) => /\bAbortSignal\.timeout\(/.test(source(file)));
  expect(alone).toEqual([]);
});

test('files are read and written by their owners: no pipe is waited for, nothing is half under its name', () => {
  const outside = files.filter((file) => !file.startsWith('base/files/'));
  const naming = (calls: RegExp) => outside.filter((file) => calls.test(source(file))).sort();
  expect(naming(/\b(?:readFileSync|readFile)\(/)).toEqual(READS_FILES);
  expect(naming(/\b(?:writeFile|appendFile|createWriteStream|cp|copyFile)(?:Sync)?\(/)).toEqual(WRITES_FILES);
});

test('no decision is made by the words of a message: EngineError has a code and what a server said', () => {
  const matches =
    /\.(?:test|exec|match)\([^()\n]*(?<!remote|remote\?)\.message\b|(?<!remote)\.message\.(?:match|includes|startsWith|endsWith)\(/;
  expect(files.filter((file) => matches.test(source(file)))).toEqual([]);
});

test('a body is parsed once, and a route sees the call its reader made of it', () => {
  const served = files.filter((file) => file.startsWith('serve/') && !file.startsWith('serve/worker/'));
  const parsing = served.filter((file) => /\bparseJson\(|\bjsonSteps\(|\bJSON\.parse\(/.test(source(file)));
  expect(parsing).toEqual(['serve/body/parse-body.ts']);
  const looking = served.filter((file) => /async \(\{[^}]*\bbody\b|\brequest\.body\b/.test(source(file)));
  expect(looking).toEqual([]);
});

test('text for a terminal is cleaned and written in one place', () => {
  const cleaning = files.filter(
    (file) => !CLEANS.test(file) && /\b(?:sanitise|oneLine|escapeJson)\(/.test(source(file)),
  );
  expect(cleaning).toEqual([]);
  const writing = files.filter((file) => /\b(?:stdout|stderr)\.write\(/.test(source(file)));
  expect(writing.filter((file) => !WRITES.test(file))).toEqual([]);
  const making = (pattern: RegExp, makers: RegExp) =>
    files.filter((file) => pattern.test(source(file)) && !makers.test(file));
  expect(making(/\bas (?:unknown as )?(?:readonly )?Row\b/, MAKES_ROWS)).toEqual([]);
  expect(making(/\bas TerminalSequence\b/, MAKES_SEQUENCES)).toEqual([]);
  const opening = arrows.filter(({target}) => target === 'commands/host/io.ts').map(({file}) => file);
  expect(opening.filter((file) => /\bSTREAMS\b/.test(source(file)) && !file.startsWith('commands/host/'))).toEqual([]);
});

test('a template version is named in the table of its rows, the tree for old vocabularies and the list of models', () => {
  const naming = files.filter((file) => /'v\d+'|switch \((?:\w+\.)*version\)/.test(source(file)));
  expect(naming.sort()).toEqual([
    'engine/models/catalogue/earlier-models.ts',
    'engine/models/catalogue/models-of-today.ts',
    'engine/template/version/mistral-vocabulary.ts',
  ]);
});

test('one file reads which model the environment means', () => {
  expect(files.filter((file) => /(?:env\.|\benv\[')MISTRAL_(?:URL|MODEL)\b/.test(source(file)))).toEqual([
    'commands/open-model/meant.ts',
  ]);
});

test('files stay small, say in their first line what they are for, and have a name of their own', () => {
  expect(files.filter((file) => source(file).split('\n').length > LINES)).toEqual([]);
  expect(files.filter((file) => !source(file).startsWith('// '))).toEqual([]);
  const names = files.map((file) => posix.basename(file).replace(/\.tsx?$/, ''));
  expect([...new Set(names.filter((name, at) => names.indexOf(name) !== at))].sort()).toEqual(SAME_NAME);
});

test('a folder has few files lying loose', () => {
  const loose = new Map<string, number>();
  for (const file of files) loose.set(posix.dirname(file), (loose.get(posix.dirname(file)) ?? 0) + 1);
  expect([...loose].filter(([, count]) => count > LOOSE)).toEqual([]);
});

test('tests stand where their source stands', () => {
  const tests = filesOf(import.meta.dirname).filter((file) => ROOMS[roomOf(file)] !== undefined);
  const there = (folder: string) => statSync(join(root, folder), {throwIfNoEntry: false})?.isDirectory() === true;
  expect(tests.filter((file) => !there(posix.dirname(file)))).toEqual([]);
});

test('the pages name files and folders that exist', () => {
  const inDocs = readdirSync('docs', {recursive: true, encoding: 'utf8'}).map((name) => `docs/${name}`);
  const pages = ['README.md', 'CONTRIBUTING.md', ...inDocs];
  const places = ['', 'src/', 'src/engine/', 'src/commands/', 'bench/', 'models/'];
  const exists = (path: string) => places.some((place) => statSync(`${place}${path}`, {throwIfNoEntry: false}));
  const lost = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:tsx?|m?js|cpp|mk|sh))`/g)].map(
        ([, path = '']) => ({page, path}),
      ),
    )
    .filter(({path}) => !path.startsWith('dist/') && !exists(path));
  expect(lost).toEqual([]);
});

/** Everything that importing these files loads at once. */
function loadedBy(...starts: readonly string[]): string[] {
  return reached(starts, ({kind}) => kind === 'value');
}

/** These files and what is reached from them by the imports that count. */
function reached(starts: readonly string[], counts: (one: Import) => boolean): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    for (const one of isFile(file) ? importsOf(file) : []) if (counts(one)) visit(one.target);
  };
  for (const start of starts) visit(start);
  return [...found];
}

test('help, version and refusals load neither the engine nor the screen nor the HTTP client', () => {
  const commands = importsOf('commands/program.ts').flatMap(({target, kind}) => (kind === 'lazy' ? target : []));
  const heavy = /^(node-llama-cpp|ink|react|fastify|zod|ora|chalk)$|^engine\/llama\//;
  expect(loadedBy(...commands).filter((name) => heavy.test(name))).toEqual([]);
  expect(loadedBy(...commands).filter((name) => name.startsWith('base/http/'))).toEqual([]);
  const main = ['program', 'chat/chat', 'demo', 'fim', 'tools/tools'].map((name) => `commands/${name}.ts`);
  expect(loadedBy(...main).filter((name) => !isFile(name) && !name.startsWith('node:'))).toEqual(['commander']);
});

test('the lockfile names the packages of every platform, or the engine would be missing on the others', () => {
  const {packages} = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, {optionalDependencies?: Record<string, string>}>;
  };
  const optional = Object.values(packages).flatMap(({optionalDependencies = {}}) => Object.keys(optionalDependencies));
  expect(optional).toContain('@node-llama-cpp/mac-arm64-metal');
  // `scripts/trim-lock.js` takes out what only some machines can use.
  expect(optional.filter((name) => /-(cuda|cuda-ext|vulkan)$/.test(name))).toEqual([]);
  expect(
    optional.filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))),
  ).toEqual([]);
});
