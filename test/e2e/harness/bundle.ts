// How a program with the chat screen is bundled for a pty: as scripts/bundle-screen.js bundles the real one.
import type {BuildOptions} from 'esbuild';

export const bundleOptions = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  jsx: 'automatic',
  define: {'process.env.NODE_ENV': '"production"'},
  alias: {'react-devtools-core': './scripts/no-devtools.js'},
  banner: {
    js: "import {createRequire as requireFrom} from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'error',
} as const satisfies BuildOptions;
