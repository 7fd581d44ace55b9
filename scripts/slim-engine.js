// Before packing: the copies of node-llama-cpp and koffi that the tarball brings list neither builds nor what only compiling
// needs, and have no install scripts. npm and its like choose optional packages by system alone, so that their own lists would
// bring 600 MB to every machine; our package.json lists the builds for processors. Their code stays as it is.
import {readFileSync, renameSync, writeFileSync} from 'node:fs';
import {COMPILING} from './shipped.js';

/** Neither llama.cpp's history (35 MB), nor what its compiler reads, nor declarations. */
const FILES = [
  'dist/',
  '!**/*.d.ts',
  '!**/*.js.map',
  'templates/packed/',
  'llama/binariesGithubRelease.json',
  'llama/grammars/',
  'llama/llama.cpp.info.json',
  'LICENSE',
];

/** Rewrites a package's package.json. A new file takes its place: package managers link one file into several folders. */
function rewrite(name, change) {
  const file = `node_modules/${name}/package.json`;
  writeFileSync(`${file}.new`, `${JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8'))), null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

rewrite('node-llama-cpp', ({scripts, devDependencies, optionalDependencies, bin, ...manifest}) => ({
  ...manifest,
  files: FILES,
  dependencies: Object.fromEntries(Object.entries(manifest.dependencies).filter(([name]) => !COMPILING.includes(name))),
}));
// Its builds are in our list too. The rest is C++ for platforms that have none, and a script that would compile it.
rewrite('koffi', ({scripts, cnoke, optionalDependencies, ...manifest}) => ({
  ...manifest,
  files: ['*.js', '*.cjs', 'src/koffi/*.js', 'src/koffi/*.cjs', 'src/koffi/src', '!**/*.cc', '!**/*.h', 'LICENSE.txt'],
}));
// Its native code would be that of the machine that packs; without it files are copied in the ordinary way.
rewrite('ipull', ({optionalDependencies, ...manifest}) => manifest);
