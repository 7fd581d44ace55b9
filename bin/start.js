// CommonJS on purpose: libuv reads UV_THREADPOOL_SIZE when its pool is first used, and Node's ES module
// loader already uses it.
const {existsSync} = require('node:fs');
const {homedir, tmpdir} = require('node:os');
const {join} = require('node:path');

/** As engine/llama/addon/cpu-build.ts has them; a test holds the two lists together. */
const GPU_DEVICES = ['/dev/nvidiactl', '/dev/dri', '/dev/kfd', '/dev/dxg'];

module.exports = (name) => {
  buildClone();
  start(name).catch(tellFailedLoad);
};

async function start(name) {
  const argv = process.argv.slice(2);
  giveHome();
  // A download decodes nothing, and writes while it syncs.
  if (!(name === 'mistral' && argv[0] === 'pull') && decodesOnPool(argv)) process.env.UV_THREADPOOL_SIZE ??= '1';
  // What runs for days is watched over by a process that outlives a crash of the engine.
  if (name === 'mistral' && /^(serve|worker)$/.test(argv[0]) && process.platform !== 'win32') {
    const {isSupervised, supervise} = await import('../dist/commands/serve/supervise.js');
    if (!isSupervised()) return supervise();
  }
  // Fill-in-the-middle is asked for at every pause in typing: its own bundle saves it reading forty files, and the loader
  // of ES modules.
  const {main} =
    name === 'mistral-fim' ? require('../dist/commands/fim-program.cjs') : await import('../dist/commands/program.js');
  await main(name, argv);
}

/**
 * The addon decodes on libuv's pool: one thread keeps every decode on one warm thread (docs/design/engine.md). The native engine has
 * a thread of its own; it is the usual one on Linux without a GPU.
 */
function decodesOnPool(argv) {
  const said = argv.findLast((word, at) => word.startsWith('--engine=') || argv[at - 1] === '--engine');
  const engine = said?.replace('--engine=', '') ?? process.env.MISTRAL_ENGINE;
  if (engine === 'native' || engine === 'addon') return engine === 'addon';
  return process.platform !== 'linux' || GPU_DEVICES.some((path) => existsSync(path));
}

/** A clone is built when it is run first. The package that is installed comes built, and without this script. */
function buildClone() {
  if (existsSync(join(__dirname, '../dist/commands/version.js'))) return;
  const script = join(__dirname, '../scripts/build-if-stale.js');
  if (!existsSync(script)) return;
  const {status} = require('node:child_process').spawnSync(process.execPath, [script], {stdio: ['ignore', 2, 2]});
  if (status !== 0) process.exit(1);
}

/** What the system refuses before the program is there to say it, such as to open one file more. */
function tellFailedLoad(error) {
  if (!/^E[A-Z]+$/.test(error?.code ?? '')) throw error;
  const hint = error.code === 'EMFILE' ? '\nIt may open too few files at a time: ulimit -n allows more.' : '';
  process.stderr.write(`error: the program cannot be loaded: ${error.message}${hint}\n`);
  process.exit(1);
}

/** A user that no list of users has, as containers run them, has no home; the engine's package ends where it finds none. */
function giveHome() {
  try {
    homedir();
  } catch {
    process.env.HOME = tmpdir();
  }
}
