// Feeds bad inputs to every reader of foreign text: none may throw anything but a told failure, none may take long.
import {writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {fuzz} from './fuzz-inputs.ts';
import {TARGETS} from './fuzz-targets.ts';

const {values} = parseArgs({
  options: {
    seed: {type: 'string', default: '1'},
    count: {type: 'string', default: '60000'},
    only: {type: 'string'},
    save: {type: 'string'},
  },
});
const count = Number(values.count);
let [all, failed] = [0, 0];
for (const target of TARGETS.filter(({name}) => values.only === undefined || name === values.only)) {
  const start = process.cpuUsage().user;
  const found = await fuzz(target, Number(values.seed), count);
  const seconds = ((process.cpuUsage().user - start) / 1e6).toFixed(1);
  console.log(`${target.name}: ${count} inputs, ${seconds} s of CPU, ${found.length} findings`);
  for (const {number, what, input} of found.slice(0, 3)) {
    console.log(`  input ${number}: ${what}`);
    if (values.save !== undefined) writeFileSync(`${values.save}-${target.name.replaceAll(' ', '-')}-${number}`, input);
  }
  all += count;
  failed += found.length;
}
console.log(`${all} inputs, ${failed} findings`);
process.exitCode = failed === 0 ? 0 : 1;
