// The servers of one and of several models, the process of one behind them, and the routes without a server: the build makes
// one file of what they share.
export {appToAsk} from '../../../serve/asked/ask-app.ts';
export {runServe} from '../run-server.ts';
export {runJob} from './run-job.ts';
export {runRouter} from './run-router.ts';
