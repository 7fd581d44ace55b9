// CommonJS on purpose: libuv reads UV_THREADPOOL_SIZE when its pool is first used, and Node's ES module
// loader already uses it. One pool thread keeps every decode on one warm thread (docs/engine.md); a download decodes
// nothing, and writes while it syncs.
const {homedir, tmpdir} = require('node:os');

module.exports = (name) => start(name).catch(tellFailedLoad);

async function start(name) {
  const argv = process.argv.slice(2);
  giveHome();
  process.env.UV_THREADPOOL_SIZE ??= name === 'mistral' && argv[0] === 'pull' ? '4' : '1';
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
