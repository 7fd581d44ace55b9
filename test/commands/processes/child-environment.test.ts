import {expect, test} from 'vitest';
import {
  allowedNames,
  childEnvironment,
  isSecretName,
  withheldNames,
} from '../../../src/commands/processes/child-environment.ts';

test.each([
  'MISTRAL_API_KEY',
  'MISTRAL_WORKER_KEY',
  'HF_TOKEN',
  'HUGGING_FACE_HUB_TOKEN',
  'OPENAI_API_KEY',
  'OPENAI_KEY',
  'apikey',
  'GITHUB_TOKEN',
  'GH_PAT',
  'TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'npm_config_//registry.npmjs.org/:_authToken',
  'npm_config__auth',
  'AWS_ACCESS_KEY_ID',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AZURE_CLIENT_SECRET',
  'CLIENT_SECRET_ID',
  'STRIPE_SECRET_KEY',
  'DJANGO_SECRET',
  'DB_PASSWORD',
  'PASSWORD_STORE',
  'MYSQL_PWD',
  'SMTP_PASS',
  'SSH_KEY_PASSPHRASE',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'DATABASE_URL',
  'REDIS_URL',
  'SENTRY_DSN',
  'SLACK_WEBHOOK_URL',
])('%s is a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each([
  'PATH',
  'HOME',
  'PWD',
  'OLDPWD',
  'LANG',
  'TERM',
  'SSH_AUTH_SOCK',
  'TOKENIZERS_PARALLELISM',
  'MISTRAL_MODEL',
  'MISTRAL_URL',
  'HTTPS_PROXY',
  'KEYBOARD',
  'XDG_SESSION_ID',
  'COMPASS',
  'AUTHOR',
  'PATCH',
  'HF_HOME',
  'EDITOR',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CA_BUNDLE',
])('%s is passed on', (name) => {
  expect(isSecretName(name)).toBe(false);
});

const ENV = {PATH: '/bin', HF_TOKEN: 'hf_1', OPENAI_API_KEY: 'sk-1', GH_PAT: ''};

test('a named secret is passed on, and no other', () => {
  expect(childEnvironment(ENV)).toEqual({PATH: '/bin'});
  expect(childEnvironment(ENV, ['HF_TOKEN'])).toEqual({PATH: '/bin', HF_TOKEN: 'hf_1'});
  expect(withheldNames(ENV)).toEqual(['HF_TOKEN', 'OPENAI_API_KEY']);
  expect(withheldNames(ENV, ['HF_TOKEN'])).toEqual(['OPENAI_API_KEY']);
});

test('--env takes names of variables that are set, and repeats no value', () => {
  expect(allowedNames(['HF_TOKEN', 'PATH'], ENV)).toEqual(['HF_TOKEN', 'PATH']);
  expect(() => allowedNames(['NO_SUCH'], ENV)).toThrow('--env NO_SUCH: there is no such variable');
  expect(() => allowedNames(['KEY=abc\ndef'], ENV)).toThrow(/not 'KEY=…'$/);
  expect(() => allowedNames([''], ENV)).toThrow('--env takes the name of a variable');
});
