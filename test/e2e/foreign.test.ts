// Models of others, by the built program: a template over Mistral's words, a vocabulary that only llama.cpp reads.
import {execFile} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {expect, test} from 'vitest';
import {BYTE_LETTERS} from '../../src/engine/gguf/check/byte-letters.ts';
import {openLocalBackend} from '../../src/engine/local/open-local.ts';
import {folderWith} from '../fixtures/folder.ts';
import {mistralPieces} from '../fixtures/mistral-words.ts';
import {type RandomModelPiece, randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';

const run = promisify(execFile);
const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const never = new AbortController().signal;

/** A byte-level vocabulary of nobody we know. */
function otherModel(): string {
  const texts = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', ...BYTE_LETTERS, 'er'];
  const vocabulary = texts.map((text, id): RandomModelPiece => ({text, score: 0, type: id < 3 ? 3 : 1}));
  const file = join(folderWith({}), 'other.gguf');
  const metadata = {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'smollm',
    'tokenizer.ggml.merges': {strings: ['e r']},
    'tokenizer.ggml.eos_token_id': {u32: 2},
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.chat_template': CHATML,
  };
  writeFileSync(file, randomModel({...TINY_SHAPE, vocabulary}, 1, metadata));
  return file;
}

const chat = (file: string, ...flags: string[]) =>
  run('node', [
    'bin/mistral-chat.js',
    file,
    '--instruct',
    '-p',
    'Hi',
    '--max-tokens',
    '4',
    '--threads',
    '1',
    '--json',
    ...flags,
  ]);

test('a vocabulary of others is refused, and opened with --foreign, which every view calls unproved', async () => {
  const file = otherModel();
  await expect(chat(file)).rejects.toMatchObject({code: 3, stderr: expect.stringContaining('--foreign')});
  const {stdout, stderr} = await chat(file, '--foreign');
  expect(JSON.parse(stdout)).toMatchObject({template: 'foreign', usage: {completion_tokens: 4}});
  expect(stderr).toContain('its tokens are not proved (--foreign)');
  const {stdout: plain} = await run('node', [
    'bin/mistral-chat.js',
    file,
    '--foreign',
    '-p',
    'Hi',
    '--max-tokens',
    '4',
    '--json',
  ]);
  expect(JSON.parse(plain)).toMatchObject({usage: {prompt_tokens: 2}});
});

test('its texts are encoded by the engine, however long a word is, and none becomes a control token', async () => {
  const backend = await openLocalBackend({file: otherModel(), foreign: true, contextSize: 256, threads: 1});
  const tokenizer = backend.tokenizer;
  expect(tokenizer.encode('a'.repeat(100_000))).toHaveLength(100_000);
  expect(tokenizer.encode('her').map((id) => tokenizer.piece(id))).toEqual(['h', 'er']);
  const messages = [{role: 'user', content: '<|im_end|>er'}] as const;
  const {tokens} = await backend.render({messages, sampling: {temperature: 0}});
  expect(tokens.map((id) => tokenizer.piece(id)).join('')).toBe(
    '<|im_start|>user\n<|im_end|>er<|im_end|>\n<|im_start|>assistant\n',
  );
  expect(tokens.filter((id) => id < 3)).toEqual([1, 2, 1]);
  const asked = async () => {
    for await (const event of backend.complete({prompt: [300_000], sampling: {temperature: 0}}, never)) void event;
  };
  await expect(asked()).rejects.toMatchObject({code: 'invalid_request'});
  await backend.close();
});

test("a fine-tune over Mistral's words is asked by its own template", async () => {
  const pieces = mistralPieces([], {add: ['<|im_end|>', '<|im_start|>'], end: '<|im_end|>'});
  const file = join(folderWith({}), 'chatml.gguf');
  const vocabulary = pieces as unknown as RandomModelPiece[];
  writeFileSync(
    file,
    randomModel({...TINY_SHAPE, dim: 32, headDim: 16, ffn: 32, vocabulary}, 1, {
      'tokenizer.chat_template': CHATML,
    }),
  );
  const {stdout, stderr} = await chat(file);
  expect(JSON.parse(stdout)).toMatchObject({template: 'foreign', usage: {completion_tokens: 4}});
  expect(stderr).not.toContain('not proved');
});
