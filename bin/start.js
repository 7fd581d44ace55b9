// CommonJS on purpose: libuv reads UV_THREADPOOL_SIZE when its pool is first used, and Node's ES module
// loader already uses it. One pool thread keeps every decode on one warm thread (docs/engine.md).
module.exports = async (name) => {
  process.env.UV_THREADPOOL_SIZE ??= '1';
  const argv = process.argv.slice(2);
  // What runs for days is watched over by a process that outlives a crash of the engine.
  if (name === 'mistral' && /^(serve|worker)$/.test(argv[0]) && process.platform !== 'win32') {
    const {isSupervised, supervise, endWithSupervisor} = await import('../dist/commands/supervise.js');
    if (!isSupervised()) return supervise();
    endWithSupervisor();
  }
  const {main} = await import('../dist/commands/program.js');
  await main(name, argv);
};
