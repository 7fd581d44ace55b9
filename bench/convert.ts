// Speed and memory of conversion on a generated folder of 1.4 GB (two layers of a 7B model and its embeddings).
// `npm run bench:convert`; it needs GNU time and 3 GB of room in the temporary folder.
import {spawnSync} from 'node:child_process';
import {closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {spmModel} from '../test/fixtures/tiny-folder.ts';

const shape = {dim: 4096, n_layers: 2, hidden_dim: 14_336, n_heads: 32, n_kv_heads: 8, head_dim: 128};
const rows = 32_768;

function tensors(): [name: string, shape: number[]][] {
  const {dim, hidden_dim: hidden} = shape;
  const layer = (n: number): [string, number[]][] => [
    [`layers.${n}.attention_norm.weight`, [dim]],
    [`layers.${n}.ffn_norm.weight`, [dim]],
    [`layers.${n}.attention.wq.weight`, [dim, dim]],
    [`layers.${n}.attention.wk.weight`, [1024, dim]],
    [`layers.${n}.attention.wv.weight`, [1024, dim]],
    [`layers.${n}.attention.wo.weight`, [dim, dim]],
    [`layers.${n}.feed_forward.w1.weight`, [hidden, dim]],
    [`layers.${n}.feed_forward.w2.weight`, [dim, hidden]],
    [`layers.${n}.feed_forward.w3.weight`, [hidden, dim]],
  ];
  const embeddings: [string, number[]][] = [
    ['tok_embeddings.weight', [rows, dim]],
    ['output.weight', [rows, dim]],
    ['norm.weight', [dim]],
  ];
  return [...embeddings, ...layer(0), ...layer(1)];
}

/** Random BF16 numbers of a network's size, one block repeated. */
function generate(folder: string): void {
  mkdirSync(folder, {recursive: true});
  let offset = 0;
  const entries = tensors().map(([name, size]) => {
    const bytes = 2 * size.reduce((product, n) => product * n, 1);
    offset += bytes;
    return [name, {dtype: 'BF16', shape: size, data_offsets: [offset - bytes, offset]}] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const block = Uint16Array.from(
    {length: 4 << 20},
    (_, i) => 0x3c00 + (Math.imul(i, 2654435761) >>> 23) + ((i & 1) << 15),
  );
  const fd = openSync(join(folder, 'consolidated.safetensors'), 'w');
  writeSync(fd, Buffer.concat([length, header]));
  const bytes = new Uint8Array(block.buffer);
  for (let left = offset; left > 0; left -= bytes.length)
    writeSync(fd, bytes.subarray(0, Math.min(left, bytes.length)));
  closeSync(fd);
  writeFileSync(
    join(folder, 'params.json'),
    JSON.stringify({...shape, norm_eps: 1e-5, vocab_size: rows, max_seq_len: 4096}),
  );
  writeFileSync(join(folder, 'tokenizer.model.v3'), spmModel());
}

const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));
try {
  generate(folder);
  const input = statSync(join(folder, 'consolidated.safetensors')).size;
  for (const [quant, workers] of [
    ['BF16', '1'],
    ['BF16', '2'],
    ['Q8_0', '1'],
    ['Q8_0', '2'],
  ] as const) {
    const out = join(folder, 'out.gguf');
    const args = ['-v', process.execPath, 'bin/mistral.js', 'convert', folder, '--quant', quant, '--workers', workers];
    const {stdout, stderr} = spawnSync('/usr/bin/time', [...args, '--out', out, '--force', '--json'], {
      encoding: 'utf8',
    });
    const {seconds} = JSON.parse(stdout) as {seconds: number};
    const resident = Number(/Maximum resident set size \(kbytes\): (\d+)/.exec(stderr)?.[1]) / 1000;
    const user = /User time \(seconds\): ([\d.]+)/.exec(stderr)?.[1];
    const rate = (input / 1e6 / seconds).toFixed(0);
    console.log(
      `${quant}, ${workers} workers: ${seconds.toFixed(1)} s, ${rate} MB/s of input, ${user} CPU-s, ${resident.toFixed(0)} MB resident`,
    );
    rmSync(out);
  }
} finally {
  rmSync(folder, {recursive: true});
}
