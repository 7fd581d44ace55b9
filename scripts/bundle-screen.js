// Bundles the chat screen into a few files: importing Ink's modules one by one takes longer than the first frame may.
import {build} from 'esbuild';

await build({
  entryPoints: ['dist/ui/chat/run-chat.js'],
  outdir: 'dist/ui/chat',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // The engine stays outside: its errors are told apart by class, and a bundle would have classes of its own.
  external: ['../../engine/*'],
  define: {'process.env.NODE_ENV': '"production"'},
  alias: {'react-devtools-core': './scripts/no-devtools.js'},
  banner: {
    js: "import {createRequire as requireFrom} from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
});
