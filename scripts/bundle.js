// esbuild as every bundle here uses it, and which packages the bundles hold: their notices have to be passed on.
import {build} from 'esbuild';

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Folders of the packages whose code is in a bundle, such as `node_modules/ink`. */
export const bundledPackages = new Set();

/** Bundles with these options; comments about licences are left to the notices. */
export async function bundle(options) {
  const {metafile} = await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    allowOverwrite: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
  });
  for (const {inputs} of Object.values(metafile.outputs)) {
    for (const [file, {bytesInOutput}] of Object.entries(inputs)) {
      const [, folder] = PACKAGE.exec(file) ?? [];
      if (folder !== undefined && bytesInOutput > 0) bundledPackages.add(folder);
    }
  }
  return metafile;
}
