// What is used of undici; the build puts just that into this file, as all of undici takes long to load.
export {Agent, buildConnector, Pool, ProxyAgent} from 'undici';
