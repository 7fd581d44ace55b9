// The process of one model behind the router: a crash of its engine takes no other with it, and its end gives all memory back.
import {processIo} from '../../host/io.ts';
import type {Job} from './jobs.ts';

const io = processIo();
process.once('message', (job: Job) => void import('./all-servers.ts').then(({runJob}) => runJob(io, job)));
// Without the router there is nobody to answer.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
