// Makes one file each of commander, of the program, of the table of flags and of the version: every file more is read and
// linked at each start, by `--help` too. Of our own files only data and rules without state are put inside: a module with
// state or a class of its own would be there twice.
import {join, relative, resolve} from 'node:path';
import {bundle} from './bundle.js';

/** The file, and what becomes a part of it. Anything else it imports stays outside. */
const BUNDLES = {
  'dist/commands/program.js': ['dist/commands/argv.js'],
  'dist/commands/options.js': [
    'dist/base/defined.js',
    'dist/engine/contract/local-engine.js',
    'dist/engine/contract/sampling-table.js',
    'dist/engine/contract/templates.js',
    'dist/engine/conversation/context/context-policy.js',
  ],
  'dist/commands/version.js': ['dist/base/plain-json.js', 'dist/base/shape.js', 'dist/engine/contract/templates.js'],
};

await bundle({
  entryPoints: ['dist/commands/commander.js'],
  outfile: 'dist/commands/commander.js',
  minify: true,
  alias: {'node:child_process': './scripts/no-child-process.js'},
  banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
});

for (const [file, parts] of Object.entries(BUNDLES)) {
  const inside = new Set(parts);
  const staysOutside = {
    name: 'stays-outside',
    setup({onResolve}) {
      onResolve({filter: /./}, ({path, kind, resolveDir}) => {
        if (kind === 'entry-point' || !path.startsWith('.')) return undefined;
        const target = relative(process.cwd(), join(resolveDir, path));
        if (inside.has(target)) return undefined;
        const seen = relative(resolve(file, '..'), target);
        return {path: seen.startsWith('.') ? seen : `./${seen}`, external: true};
      });
    },
  };
  const metafile = await bundle({
    entryPoints: [file],
    outfile: file,
    packages: 'external',
    plugins: [staysOutside],
  });
  const missing = parts.filter((part) => !(part in metafile.inputs));
  if (missing.length > 0) throw new Error(`${file} no longer imports ${missing.join(', ')}: take it off the list`);
}
