// What downloads use of undici; the build puts just that into this file, as all of undici takes long to load.
export {buildConnector, EnvHttpProxyAgent, interceptors} from 'undici';
