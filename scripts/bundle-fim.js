// Bundles what `mistral-fim` needs to ask a running server into one CommonJS file; what opens a model itself stays outside.
// CommonJS because Node's loader of ES modules alone takes 20 ms, a quarter of it for every `node:` module imported.
import {readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {bundle} from './bundle.js';

const outfile = 'dist/commands/fim-program.cjs';
/** Loaded by every fill-in: the rest of the dynamic imports are for other ways the program may go. */
const INSIDE = /\/(fim|running-servers|text-input|write-answer|terminal-text|take-settings|sampling-origins)\.js$/;

/** A file's path as seen from the bundle. */
function seen(file) {
  const path = relative(dirname(join(process.cwd(), outfile)), file);
  return path.startsWith('.') ? path : `./${path}`;
}

const commonJs = {
  name: 'commonjs',
  setup({onResolve, onLoad}) {
    // Files that stay outside are ES modules, and imported as such when they are needed.
    onResolve({filter: /^\.\.?\//}, ({path, kind, resolveDir}) => {
      const file = join(resolveDir, path);
      return kind === 'dynamic-import' && !INSIDE.test(file) ? {path: seen(file), external: true} : undefined;
    });
    // Packages imported late are for a terminal with colours.
    onResolve({filter: /^[^.:]+$/}, ({path, kind}) => (kind === 'dynamic-import' ? {path, external: true} : undefined));
    // Node's own modules are required, also those imported late.
    onResolve({filter: /^node:/}, ({path, kind}) =>
      kind === 'dynamic-import' ? {path, namespace: 'late'} : undefined,
    );
    onLoad({filter: /./, namespace: 'late'}, ({path}) => ({contents: `module.exports = require('${path}')`}));
    // A file that asks where it is gets to know where it was.
    onLoad({filter: /\/embedded-file\.js$/}, ({path}) => {
      const url = `require('node:url').pathToFileURL(require('node:path').join(__dirname, '${seen(path)}'))`;
      return {contents: readFileSync(path, 'utf8').replace('import.meta.url', url)};
    });
  },
};

await bundle({
  entryPoints: ['dist/commands/program.js'],
  outfile,
  minify: true,
  format: 'cjs',
  plugins: [commonJs],
  alias: {'node:child_process': './scripts/no-child-process.js'},
  logOverride: {'empty-import-meta': 'error'},
});
