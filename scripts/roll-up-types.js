// Writes the declarations of the package's export into one file, dist/index.d.ts, and removes those of single files: what a
// library user's compiler reads is what the export names and what that is made of, of no other package.
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join, posix} from 'node:path';

const ENTRY = 'dist/engine/index.d.ts';
const FILE = 'dist/index.d.ts';
/** Node's subclass of Uint8Array would ask for Node's types; nothing here needs more than the bytes. */
const OWN_WORDS = [[/\bBuffer\b/g, 'Uint8Array']];

/** A declaration stands at the start of a line, behind its comment; all lines that begin otherwise go on with it. */
const BEGINS = /^(?=\/\*\*|(?:export |declare |import |interface |type |abstract |class |const |function ))/m;
const DECLARES = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) ([\w$]+)/;

const texts = new Map();
/** Name to the text of its declaration, its comment included. */
const declarations = new Map();

function read(file) {
  if (texts.has(file)) return;
  const text = readFileSync(file, 'utf8').replace(/^\/\/.*\n/gm, '');
  texts.set(file, text);
  let comment = '';
  let unfinished = '';
  for (const part of text.split(BEGINS)) {
    const piece = unfinished + part;
    // The members of a union have comments that stand at the start of a line too.
    unfinished = /^(?:export )?type [\w$]/.test(piece) && !/;\s*$/.test(piece) ? piece : '';
    if (unfinished !== '') continue;
    if (piece.startsWith('/**')) {
      comment = piece;
      continue;
    }
    const [, name] = DECLARES.exec(piece) ?? [];
    if (name !== undefined) declare(file, name, comment + piece);
    comment = '';
  }
  if (unfinished !== '') throw new Error(`${file} has a declaration without an end: ${unfinished.slice(0, 80)}`);
  for (const [, from] of text.matchAll(/\bfrom '([^']+)'/g)) {
    if (!from.startsWith('.')) throw new Error(`${file} has types of the package ${from}: the export may not reach it`);
    read(besides(file, from));
  }
  if (/\bimport\(|^import \*|^import [^;]* as /m.test(text))
    throw new Error(`${file} imports in a way that cannot be rolled up`);
}

const besides = (file, from) => posix.join(posix.dirname(file), from.replace(/\.ts$/, '.d.ts'));

function declare(file, name, text) {
  const known = declarations.get(name);
  // An overloaded function is declared several times.
  if (known !== undefined && known.file !== file)
    throw new Error(`${name} is declared in ${known.file} and in ${file}`);
  const plain = text.replace(/^(export )?(declare )?(?=(?:abstract )?(?:class|const|function|enum) )/m, 'declare ');
  const own = plain.replace(/^export (?=interface |type )/m, '');
  declarations.set(name, {file, text: (known?.text ?? '') + own});
}

/** The names that the entry exports: true for types alone. */
function exported() {
  const names = new Map();
  for (const [, type, star, list, from] of texts
    .get(ENTRY)
    .matchAll(/^export (type )?(?:(\*)|\{([^}]*)\}) from '([^']+)'/gm)) {
    const found = star
      ? exportsOf(besides(ENTRY, from))
      : list
          .split(',')
          .map((one) => one.trim())
          .filter(Boolean);
    for (const one of found) names.set(one.replace(/^type /, ''), type !== undefined || one.startsWith('type '));
  }
  return names;
}

function exportsOf(file) {
  const text = texts.get(file);
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\};/gm)].flatMap(([, list]) => list.split(','));
  const single = [
    ...text.matchAll(/^export (?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) (\w+)/gm),
  ];
  return [...lists.map((one) => one.trim()).filter(Boolean), ...single.map(([, name]) => name)];
}

read(ENTRY);
const names = exported();
const needed = new Set();
const visit = (name) => {
  if (needed.has(name) || !declarations.has(name)) return;
  needed.add(name);
  // Words of comments are no uses.
  for (const [word] of declarations
    .get(name)
    .text.replace(/\/\*\*[\s\S]*?\*\//g, '')
    .matchAll(/[\w$]+/g))
    visit(word);
};
for (const name of names.keys()) {
  if (!declarations.has(name)) throw new Error(`${name} is exported and declared nowhere`);
  visit(name);
}
const body = [...declarations]
  .filter(([name]) => needed.has(name))
  .map(([, {text}]) => text.trim())
  .join('\n\n');
const list = [...names]
  .map(([name, isType]) => `  ${isType ? 'type ' : ''}${name},`)
  .sort()
  .join('\n');
const whole = OWN_WORDS.reduce((text, [word, own]) => text.replace(word, own), `${body}\n\nexport {\n${list}\n};\n`);
for (const name of readdirSync('dist', {recursive: true})) if (name.endsWith('.d.ts')) rmSync(join('dist', name));
writeFileSync(FILE, `// What mistral-chat exports; docs/guide/library.md tells how it is used.\n\n${whole}`);
