// The part of undici that the bundle of the HTTP client holds: without fetch, WebSocket and mocks.
import connect from 'undici/lib/api/api-connect.js';
import request from 'undici/lib/api/api-request.js';
import stream from 'undici/lib/api/api-stream.js';
import buildConnector from 'undici/lib/core/connect.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import redirect from 'undici/lib/interceptor/redirect.js';

// What undici's own index does with all of its API; a proxy is asked to connect.
Object.assign(Dispatcher.prototype, {request, stream, connect});
export const interceptors = {redirect};
export {buildConnector, EnvHttpProxyAgent};
