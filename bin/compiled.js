// Loads a CommonJS bundle with the code V8 has made of it at the build: compiling it takes a tenth of a program that asks
// one thing. V8 passes code of another version of itself over, and compiles.
const {readFileSync} = require('node:fs');
const {createRequire} = require('node:module');
const {dirname, join} = require('node:path');
const {pathToFileURL} = require('node:url');
const {Script} = require('node:vm');

const PARAMETERS = 'exports, require, module, __filename, __dirname, importOutside';

/** The bundle's exports, and its script: scripts/compile-fim.js keeps the code of that. */
module.exports = (file) => {
  const cachedData = compiled(file.replace(/\.cjs$/, '.bin'));
  const source = `(function (${PARAMETERS}) {${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, {filename: file, ...(cachedData && {cachedData})});
  const folder = dirname(file);
  // In the bundle's place: Node 20 refuses every `import()` of a script that was not compiled from its text.
  const importOutside = (path) => import(path.startsWith('.') ? pathToFileURL(join(folder, path)).href : path);
  const bundle = {exports: {}};
  script.runInThisContext()(bundle.exports, createRequire(file), bundle, file, folder, importOutside);
  return {exports: bundle.exports, script};
};

function compiled(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
