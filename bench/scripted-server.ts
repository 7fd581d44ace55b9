// Starts `mistral serve` with scripted answers, for clients and agents that are tried by hand: prints its address, ends with Ctrl-C.
import {join} from 'node:path';
import {startTwin} from '../test/e2e/harness/scripted-twin.ts';

const program = join(import.meta.dirname, '../../../../bin/mistral.js');
const twin = await startTwin(program, process.argv.slice(2));
console.log(twin.url);
process.once('SIGINT', () => void twin.close());
process.once('SIGTERM', () => void twin.close());
