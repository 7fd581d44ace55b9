// Bundles the chat screen into a few files: importing Ink's modules one by one takes longer than the first frame may.
import {join, relative, resolve} from 'node:path';
import {bundle} from './bundle.js';

const outdir = 'dist/ui/screen';

/** The engine and the base stay outside: errors are told apart by class, and a bundle would have classes of its own. */
const outside = {
  name: 'outside',
  setup({onResolve}) {
    onResolve({filter: /^\.\.?\//}, ({path, resolveDir}) => {
      const file = join(resolveDir, path);
      const isOutside = ['engine', 'base'].some((room) => file.startsWith(resolve('dist', room)));
      return isOutside ? {path: relative(outdir, file), external: true} : undefined;
    });
  },
};

await bundle({
  entryPoints: ['dist/ui/screen/run-chat.js'],
  outdir,
  splitting: true,
  minify: true,
  plugins: [outside],
  define: {'process.env.NODE_ENV': '"production"'},
  alias: {'react-devtools-core': './scripts/no-devtools.js'},
  banner: {
    js: "import {createRequire as requireFrom} from 'node:module'; const require = requireFrom(import.meta.url);",
  },
});
