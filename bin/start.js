// CommonJS on purpose: libuv reads UV_THREADPOOL_SIZE when its pool is first used, and Node's ES module
// loader already uses it. One pool thread keeps every decode on one warm thread (docs/engine.md).
module.exports = async (name) => {
  process.env.UV_THREADPOOL_SIZE ??= '1';
  const {main} = await import('../dist/commands/program.js');
  await main(name, process.argv.slice(2));
};
