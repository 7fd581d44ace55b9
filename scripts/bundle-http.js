// Bundles the HTTP client of downloads: loading the whole of undici takes longer than a small file to come.
import {bundle} from './bundle.js';

await bundle({
  entryPoints: ['scripts/undici-parts.js'],
  outfile: 'dist/base/http/undici-bundle.js',
  minify: true,
  banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
});
