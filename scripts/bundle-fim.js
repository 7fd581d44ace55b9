// Bundles what `mistral-fim` needs to ask a running server into one file; what opens a model itself stays outside.
import {dirname, join, relative} from 'node:path';
import {build} from 'esbuild';

const outfile = 'dist/commands/fim-program.js';
/** Loaded by every fill-in: the rest of the dynamic imports are for other ways the program may go. */
const INSIDE = /\/(fim|attach|text-input|plain|sanitise)\.js$/;
/** Failures are told apart by class, so there must be one. */
const ONE_CLASS = /\/engine\/errors\.js$/;

/** Paths that stay imports are written as seen from the bundle. */
const outside = {
  name: 'outside',
  setup({onResolve}) {
    onResolve({filter: /^\.\.?\//}, ({path, kind, resolveDir}) => {
      const file = join(resolveDir, path);
      const stays = ONE_CLASS.test(file) || (kind === 'dynamic-import' && !INSIDE.test(file));
      if (!stays) return undefined;
      const seen = relative(dirname(join(process.cwd(), outfile)), file);
      return {path: seen.startsWith('.') ? seen : `./${seen}`, external: true};
    });
  },
};

await build({
  entryPoints: ['dist/commands/program.js'],
  outfile,
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  plugins: [outside],
  alias: {'node:child_process': './scripts/no-child-process.js'},
  banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
  legalComments: 'linked',
  logLevel: 'warning',
});
