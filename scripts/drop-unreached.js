// Removes the built files that nothing loads any more, as a bundle holds what they said.
import {readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';

/** What is loaded by name: the programs, the package's export, and the threads and processes that are started. */
const STARTED = [
  'dist/commands/program.js',
  'dist/commands/fim-program.cjs',
  'dist/commands/serve/models/model-program.js',
  'dist/commands/serve/supervise.js',
  'dist/engine/index.js',
  'dist/engine/convert/quantise-child.js',
  'dist/engine/convert/tensors/job-worker.js',
  'dist/engine/llama/worker/engine-worker.js',
  'dist/engine/models/pull/hash-worker.js',
  'dist/engine/template/jinja/render-worker.js',
];

const {metafile} = await build({
  entryPoints: STARTED,
  outdir: 'unwritten',
  write: false,
  bundle: true,
  metafile: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
  logOverride: {'empty-import-meta': 'silent'},
});
for (const name of readdirSync('dist', {recursive: true})) {
  const file = join('dist', name).replaceAll('\\', '/');
  if (/\.c?js$/.test(file) && !(file in metafile.inputs)) rmSync(file);
}
