// Bundles the HTTP client of downloads: loading the whole of undici takes longer than a small file to come.
import {build} from 'esbuild';

await build({
  entryPoints: ['scripts/undici-parts.js'],
  outfile: 'dist/base/http/undici-bundle.js',
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
  legalComments: 'linked',
  logLevel: 'warning',
});
