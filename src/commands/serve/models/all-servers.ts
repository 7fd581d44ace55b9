// The servers of one and of several models, and the process of one behind them: the build makes one file of what they share.
export {runServe} from '../run-server.ts';
export {runJob} from './run-job.ts';
export {runRouter} from './run-router.ts';
