import {expect, onTestFinished, test} from 'vitest';
import {LocalBackend} from '../../../src/engine/local/local-backend.ts';
import {stated} from '../../../src/engine/template/version/detect.ts';
import {createApp} from '../../../src/serve/app.ts';
import {ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {OPTIONS} from '../app-options.ts';

/** The server over a local backend, and the ids its engine is given. */
async function idsOf(url: string, body: object): Promise<readonly number[] | undefined> {
  const tokenizer = toyTokenizer();
  const tokenModel = new ScriptedTokenModel({answer: () => [...tokenizer.encode('ok'), 2]});
  const parts = {tokenModel, tokenizer, template: stated('v3', 'as asked for'), id: 'toy'} as const;
  const local = new LocalBackend({...parts, path: undefined, trainedContextSize: 2048, device: 'script'});
  const {app} = await createApp(Promise.resolve(local), OPTIONS);
  onTestFinished(() => app.close());
  const reply = await app.inject({method: 'POST', url, payload: body, headers: {host: 'localhost'}});
  expect(reply.statusCode).toBe(200);
  return tokenModel.calls[0]?.prompt;
}

const letters = (text: string) => [...text].map((char) => 100 + char.charCodeAt(0));

test.each(['/completion', '/v1/completions'])('%s reads the control tokens of a prompt', async (url) => {
  expect(await idsOf(url, {prompt: '[INST]a[/INST]'})).toEqual([1, 3, 197, 4]);
  expect(await idsOf(url, {prompt: 'a</s>[INST]b', parse_special: true})).toEqual([1, 197, 2, 3, 198]);
  // BOS is there already.
  expect(await idsOf(url, {prompt: '<s>[INST]a'})).toEqual([1, 3, 197]);
  expect(await idsOf(url, {prompt: '[INST]a', parse_special: false})).toEqual([1, ...letters('[INST]'), 197]);
});

test('texts among ids are read in the same way', async () => {
  expect(await idsOf('/completion', {prompt: [1, '[INST]a', 4]})).toEqual([1, 3, 197, 4]);
});

test('code to fill a gap in stays text, and so does what somebody says in a chat', async () => {
  const gap = {input_prefix: '</s>', input_suffix: '[INST]', parse_special: true};
  const filled = (await idsOf('/infill', gap)) ?? [];
  expect(filled.slice(-5)).toEqual([14, ...letters('</s>')]);
  expect(filled.slice(-11, -5)).toEqual(letters('[INST]'));
  const chat = {messages: [{role: 'user', content: '</s>'}], parse_special: true};
  expect(await idsOf('/v1/chat/completions', chat)).toEqual([1, 3, ...letters('</s>'), 4]);
});
