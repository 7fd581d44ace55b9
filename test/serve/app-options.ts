// What the application is given in tests where a test says nothing else.
import type {AppOptions} from '../../src/serve/app.ts';

export const OPTIONS: AppOptions = {
  slots: 1,
  maxQueue: 2,
  queueTimeoutMs: 5000,
  heartbeatMs: 15_000,
  stallMs: 5000,
  aliases: ['mistral-small-latest'],
  sampling: {asked: {}, otherwise: {temperature: 0.7}},
  seedDefaults: {temperature: 0.35, maxTokens: 256},
  apiKeys: [],
  checkHost: true,
  allowedHosts: [],
  corsOrigins: [],
  bodyLimit: 100_000,
  logger: undefined,
  logPrompts: false,
};
