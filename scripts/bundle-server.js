// Bundles the HTTP server into one file: fastify, zod and what they need are sixty packages, each installed and loaded file by
// file otherwise.
import {join, relative, resolve} from 'node:path';
import {bundle} from './bundle.js';

const file = 'dist/commands/serve/models/all-servers.js';
const own = [resolve('dist/serve'), resolve('dist/commands/serve')];

/** Only the server's own rooms and its packages go inside: the rest has classes and state that must be there once. */
const outside = {
  name: 'outside',
  setup({onResolve}) {
    onResolve({filter: /^\.\.?\//}, ({path, kind, resolveDir}) => {
      const target = join(resolveDir, path);
      if (
        kind === 'entry-point' ||
        !target.startsWith(resolve('dist')) ||
        own.some((room) => target.startsWith(room))
      ) {
        return undefined;
      }
      const seen = relative(resolve(file, '..'), target);
      return {path: seen.startsWith('.') ? seen : `./${seen}`, external: true};
    });
  },
};

await bundle({
  entryPoints: [file],
  outfile: file,
  minify: true,
  // Messages name classes of errors.
  keepNames: true,
  plugins: [outside],
  banner: {
    js: "import {createRequire as requireFrom} from 'node:module'; import {fileURLToPath as pathFrom} from 'node:url'; const require = requireFrom(import.meta.url), __filename = pathFrom(import.meta.url), __dirname = pathFrom(new URL('.', import.meta.url));",
  },
});
