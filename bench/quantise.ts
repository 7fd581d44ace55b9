// Whether `mistral convert --quant TYPE` writes the very file llama.cpp's own llama-quantize writes, type by type.
// `npm run bench:quantise`; LLAMA_QUANTIZE names the tool, else the one built by build-llama-bench.sh is taken.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {wideFolder} from '../test/fixtures/tiny-families.ts';

const TYPES = 'Q6_K Q5_K_M Q5_K_S Q5_0 Q5_1 Q4_K_M Q4_K_S Q4_0 Q4_1 Q3_K_L Q3_K_M Q3_K_S Q2_K'.split(' ');
const tool = resolve(process.env.LLAMA_QUANTIZE ?? 'bench/build/llama-quantize');
// ggml looks for its processor variants in the working folder.
const cwd = process.env.LLAMA_QUANTIZE ? '.' : readFileSync('bench/build/libraries', 'utf8').trim();

function execute(command: string, args: readonly string[], folder = '.'): void {
  const {status, stderr} = spawnSync(command, args, {encoding: 'utf8', cwd: folder});
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.slice(-500)}`);
}

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const temporary = mkdtempSync(join(tmpdir(), 'mistral-bench-'));
try {
  const folder = join(temporary, 'wide');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(wideFolder())) writeFileSync(join(folder, name), content);
  const convert = (type: string, out: string) =>
    execute(process.execPath, ['bin/mistral.js', 'convert', folder, '--quant', type, '--out', out]);
  const exact = join(temporary, 'bf16.gguf');
  convert('BF16', exact);
  for (const type of TYPES) {
    const [ours, theirs] = [join(temporary, 'ours.gguf'), join(temporary, 'theirs.gguf')];
    convert(type, ours);
    execute(tool, [exact, theirs, type, '1'], cwd);
    const isSame = sha256(ours) === sha256(theirs);
    if (!isSame) process.exitCode = 1;
    console.log(`${type.padEnd(7)} ${isSame ? 'equal' : 'DIFFERENT'} ${sha256(theirs)}`);
    for (const file of [ours, theirs]) rmSync(file);
  }
} finally {
  rmSync(temporary, {recursive: true});
}
