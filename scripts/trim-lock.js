// After the lockfile was made anew: takes out of it what node-llama-cpp lists for GPUs, 600 MB that `mistral setup gpu`
// fetches where they are wanted. Everything else stays, for all platforms.
import {readFileSync, writeFileSync} from 'node:fs';

const FILE = 'package-lock.json';
const FOR_GPUS = /^@node-llama-cpp\/.*-(cuda|cuda-ext|vulkan)$/;

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const {optionalDependencies} = lock.packages['node_modules/node-llama-cpp'];
for (const name of Object.keys(optionalDependencies)) {
  if (!FOR_GPUS.test(name)) continue;
  delete optionalDependencies[name];
  delete lock.packages[`node_modules/${name}`];
}
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
