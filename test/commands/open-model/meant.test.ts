import {expect, test} from 'vitest';
import {localModel, meant, whereToLook} from '../../../src/commands/open-model/meant.ts';

const BOTH = {MISTRAL_URL: 'http://env/v1', MISTRAL_MODEL: 'env.gguf'};
const model = (name: string | undefined) => ({kind: 'model', name});
const url = (address: string) => ({kind: 'url', url: address});

test.each<[string, string | undefined, {url?: string; tokenizer?: string}, NodeJS.ProcessEnv, object]>([
  ['--url before all', 'a.gguf', {url: 'http://flag/v1'}, BOTH, url('http://flag/v1')],
  ['the argument before the environment', 'a.gguf', {}, BOTH, model('a.gguf')],
  ['$MISTRAL_URL before $MISTRAL_MODEL', undefined, {}, BOTH, url('http://env/v1')],
  ['$MISTRAL_MODEL', undefined, {}, {MISTRAL_MODEL: 'env.gguf'}, model('env.gguf')],
  ['nothing', undefined, {}, {}, model(undefined)],
  ['an empty argument is none', '', {}, BOTH, url('http://env/v1')],
  ['an empty --url is none', 'a.gguf', {url: ''}, BOTH, model('a.gguf')],
  ['empty variables are none', '', {}, {MISTRAL_URL: '', MISTRAL_MODEL: ''}, model(undefined)],
  ['a tokenizer of a server', undefined, {tokenizer: 't', url: 'http://flag/v1'}, {}, url('http://flag/v1')],
])('%s', (_, argument, flags, env, expected) => {
  expect(meant({env}, argument, flags)).toEqual(expected);
});

test('a tokenizer beside a local model is refused', () => {
  expect(() => meant({env: {MISTRAL_MODEL: 'm'}}, undefined, {tokenizer: 't'})).toThrow(
    '--tokenizer works only with --url',
  );
});

const note = (which: string) =>
  `note: $MISTRAL_URL is not asked: this looks into a model on this machine, ${which} as none is named`;

test.each<[string | undefined, NodeJS.ProcessEnv, string | undefined, string[]]>([
  [undefined, BOTH, 'env.gguf', [note('$MISTRAL_MODEL')]],
  ['', {MISTRAL_URL: 'http://env/v1'}, undefined, [note('the embedded model')]],
  ['a.gguf', BOTH, 'a.gguf', []],
  [undefined, {MISTRAL_URL: '', MISTRAL_MODEL: 'env.gguf'}, 'env.gguf', []],
  [undefined, {}, undefined, []],
])('whoever looks into a model passes over servers and says so: %s with %j', (argument, env, name, notes) => {
  const said: string[] = [];
  expect(localModel({env, say: (text) => said.push(text)}, argument)).toBe(name);
  expect(said).toEqual(notes);
});

test('models are looked for at home and in the cache', () => {
  const where = whereToLook({cwd: '/project', env: {HOME: '/home/me', XDG_CACHE_HOME: '/cache'}});
  expect(where).toMatchObject({cwd: '/project', home: '/home/me', cache: '/cache/mistral-chat'});
});
