// The part of undici that the bundle of the HTTP client holds: without fetch, WebSocket and mocks.
import connect from 'undici/lib/api/api-connect.js';
import request from 'undici/lib/api/api-request.js';
import stream from 'undici/lib/api/api-stream.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';

// What undici's own index does with all of its API; a proxy is asked to connect.
Object.assign(Dispatcher.prototype, {request, stream, connect});

export {Agent, buildConnector, Pool, ProxyAgent};
