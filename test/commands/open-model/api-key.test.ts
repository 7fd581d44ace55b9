import {expect, test} from 'vitest';
import {apiKeyFor} from '../../../src/commands/open-model/api-key.ts';

const env = {MISTRAL_API_KEY: 'mistral', OTHER: 'other', EMPTY: ''};

test.each([
  'https://api.mistral.ai/v1',
  'https://mistral.ai',
  'https://API.MISTRAL.AI:443/v1',
  'https://a.b.mistral.ai/',
])("%s gets Mistral's key", (url) => expect(apiKeyFor(url, env, undefined)).toBe('mistral'));

test.each([
  'http://api.mistral.ai/v1',
  'https://api.mistral.ai.evil.example/v1',
  'https://evil.example/api.mistral.ai/v1',
  'https://evil.example/?mistral.ai',
  'https://api.mistral.ai@evil.example/v1',
  'https://xmistral.ai/v1',
  'https://my-mistral.ai/v1',
  'https://mistral.ai.example',
  'https://mistral.air',
  'http://localhost:8000/v1',
  'no address',
])('%s does not', (url) => {
  expect(apiKeyFor(url, env, undefined)).toBeUndefined();
});

test('a key goes to the server it is named for, in place of any other', () => {
  expect(apiKeyFor('http://cluster:8000/v1', env, 'OTHER')).toBe('other');
  expect(apiKeyFor('https://api.mistral.ai/v1', env, 'OTHER')).toBe('other');
  expect(apiKeyFor('https://api.mistral.ai/v1', {}, undefined)).toBeUndefined();
  for (const name of ['EMPTY', 'MISSING']) {
    expect(() => apiKeyFor('https://api.mistral.ai/v1', env, name)).toThrow(
      `--api-key-env: the variable ${name} is not set`,
    );
  }
});
