// The plan of the house (docs/architecture.md): imports go down only, every outside package has one owner, and asking
// for help loads next to nothing. When it is in the way, change the plan and this test together.
import {readdirSync, readFileSync} from 'node:fs';
import {join, posix} from 'node:path';
import {expect, test} from 'vitest';

/** From the ground up; a file belongs to the first floor that matches, and sees its own floor and those before it. */
const FLOORS: readonly RegExp[] = [
  /^engine\/(errors|make-folder|json|sampling|types|backend|answer|tokenizer\/tokenizer)\.ts$/,
  /^engine\/models\//,
  /^engine\/tokenizer\//,
  /^engine\/template\//,
  /^engine\/convert\//,
  /^engine\/wire\//,
  /^engine\/(llama\/|generate|stop-matcher|plain-output|fim-stop|local|open-local|remote)/,
  /^engine\//,
  /^ui\//,
  /^commands\//,
];

/** The only place that may import a package, or touch the process. */
const OWNERS: readonly (readonly [name: RegExp, owner: RegExp])[] = [
  [/^node-llama-cpp$/, /^engine\/llama\//],
  [/^(ink|react)$/, /^ui\//],
  [/^(commander|ora)$/, /^commands\/[^/]+$/],
  [/^(fastify|@fastify\/|fastify-|prom-client|zod)/, /^commands\/serve\//],
];

interface Import {
  /** A file under src, or a package. */
  readonly target: string;
  readonly kind: 'value' | 'type' | 'lazy';
}

const root = join(import.meta.dirname, '../src');
const files = readdirSync(root, {recursive: true})
  .map((name) => String(name).replaceAll('\\', '/'))
  .filter((name) => /\.tsx?$/.test(name));
const source = (file: string) => readFileSync(join(root, file), 'utf8');

function importsOf(file: string): Import[] {
  const statement = /^(?:import|export)\s+(type\s)?[^;'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...source(file).matchAll(statement)].map(([, type, from, bare, lazy]) => {
    const name = from ?? bare ?? lazy ?? '';
    const target = name.startsWith('.') ? posix.join(posix.dirname(file), name) : name;
    return {target, kind: lazy ? 'lazy' : type ? 'type' : 'value'};
  });
}

const floor = (file: string) => FLOORS.findIndex((pattern) => pattern.test(file));

test('imports go down only', () => {
  const climbing = files.flatMap((file) =>
    importsOf(file)
      .filter(({target}) => /\.tsx?$/.test(target) && floor(target) > floor(file))
      .map(({target}) => `${file} -> ${target}`),
  );
  expect(climbing).toEqual([]);
});

test('a package belongs to its owner, the process to the commands', () => {
  const strangers = files.flatMap((file) =>
    importsOf(file)
      .filter(({target}) => OWNERS.some(([name, owner]) => name.test(target) && !owner.test(file)))
      .map(({target}) => `${file} -> ${target}`),
  );
  expect(strangers).toEqual([]);
  const touching = files.filter(
    (file) => !file.startsWith('commands/') && /\bprocess\.(?!env\.NODE_ENV)\w/.test(source(file)),
  );
  expect(touching).toEqual([]);
});

test('files stay small and say in their first line what they are for', () => {
  expect(files.filter((file) => source(file).split('\n').length > 400)).toEqual([]);
  expect(files.filter((file) => !source(file).startsWith('// '))).toEqual([]);
});

/** Everything that importing these files loads at once. */
function loadedBy(...starts: readonly string[]): string[] {
  const loaded = new Set<string>();
  const visit = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const {target, kind} of /\.tsx?$/.test(file) ? importsOf(file) : []) if (kind === 'value') visit(target);
  };
  for (const start of starts) visit(start);
  return [...loaded];
}

test('help, version and refusals load neither the engine nor the screen', () => {
  const commands = importsOf('commands/program.ts').flatMap(({target, kind}) => (kind === 'lazy' ? target : []));
  const heavy = /^(node-llama-cpp|ink|react|fastify|ora|chalk)$|^engine\/llama\//;
  expect(loadedBy(...commands).filter((name) => heavy.test(name))).toEqual([]);
  const main = ['program', 'chat', 'demo', 'fim', 'tools'].map((name) => `commands/${name}.ts`);
  expect(loadedBy(...main).filter((name) => !/\.tsx?$|^node:/.test(name))).toEqual(['commander']);
});

test('the lockfile names the packages of every platform, or the engine would be missing on the others', () => {
  const {packages} = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, {optionalDependencies?: Record<string, string>}>;
  };
  const optional = Object.values(packages).flatMap(({optionalDependencies = {}}) => Object.keys(optionalDependencies));
  expect(optional).toContain('@node-llama-cpp/mac-arm64-metal');
  expect(
    optional.filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))),
  ).toEqual([]);
});
