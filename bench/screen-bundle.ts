// Builds the program that the benchmarks of the screen run: bundled as the real one, on the engine in dist/.
import {join, relative, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {build, type Plugin} from 'esbuild';
import {bundleOptions} from '../test/e2e/harness/bundle.ts';

/** `screen` is what ships; in `ink` Ink draws on the terminal itself. */
export type Variant = 'screen' | 'ink';

/** The engine is not bundled: it finds its libraries beside its own files. */
const engineFromDist: Plugin = {
  name: 'engine-from-dist',
  setup({onResolve}) {
    onResolve({filter: /\/(engine|base)\/.*\.ts$/}, ({path, resolveDir}) => {
      const file = relative('src', resolve(resolveDir, path)).replace(/\.ts$/, '.js');
      return {path: pathToFileURL(resolve('dist', file)).href, external: true};
    });
  },
};

const inkRegion: Plugin = {
  name: 'ink-region',
  setup({onResolve}) {
    onResolve({filter: /live-region\.ts$/}, () => ({path: resolve('bench/ink-live-region.tsx')}));
  },
};

/** Builds a variant of `bench/NAME.ts` into `folder`; returns the file to run. */
export async function buildScreenApp(name: string, variant: Variant, folder: string): Promise<string> {
  const outdir = join(folder, variant);
  await build({
    ...bundleOptions,
    entryPoints: [`bench/${name}.ts`],
    outdir,
    minify: true,
    plugins: [engineFromDist, ...(variant === 'ink' ? [inkRegion] : [])],
  });
  return join(outdir, `${name}.js`);
}
