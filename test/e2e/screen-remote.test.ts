// The chat with a cluster behind it: the real program over HTTP.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {httpServer, json, sse} from '../fakes/http-server.ts';
import {PtyProgram} from './harness/pty.ts';

const BIN = join(import.meta.dirname, '../../bin/mistral-chat.js');

/** A chat with a server that answers with these pieces, the last of which ends for `reason`. */
async function remoteChat(answers: readonly {readonly pieces: readonly string[]; readonly reason: string}[]) {
  let turn = 0;
  const {url, asked} = await httpServer((one, response) => {
    if (one.path === '/v1/models') return json(response, {data: [{id: 'large', max_model_len: 4096}]});
    const {pieces, reason} = answers[turn++] ?? {pieces: [], reason: 'stop'};
    const chunks = pieces.map((content) => ({choices: [{delta: {content}, finish_reason: null}]}));
    return sse(response, [...chunks, {choices: [{delta: {}, finish_reason: reason}]}]);
  });
  const state = mkdtempSync(join(tmpdir(), 'mistral-remote-'));
  const program = new PtyProgram(process.execPath, [BIN, '--instruct', '--url', `${url}/v1`], {
    env: {MISTRAL_STATE_DIR: state},
  });
  onTestFinished(() => {
    if (program.exitCode === undefined) program.kill('SIGKILL');
    rmSync(state, {recursive: true, force: true});
  });
  await program.see('ready');
  return {program, asked};
}

test('a cut answer is gone on with, and the history is what was said', async () => {
  const {program, asked} = await remoteChat([
    {pieces: [' One', ' two'], reason: 'length'},
    {pieces: [' three'], reason: 'stop'},
    {pieces: ['Yes'], reason: 'stop'},
  ]);
  expect(program.text()).toContain('large · context 4,096 tokens · remote, 127.0.0.1');
  program.type('count\r');
  await program.see('cut off at the length limit');
  program.type('/continue\r');
  await program.see(/^ ?three\n[\s\S]*^ready/m);
  program.type('really?\r');
  await program.see(/^Yes$/m);
  expect(asked.at(-1)?.body.messages).toEqual([
    {role: 'user', content: 'count'},
    {role: 'assistant', content: 'One two three'},
    {role: 'user', content: 'really?'},
  ]);
  program.type('/exit\r');
  expect(await program.exited()).toBe(0);
});

test('what needs the vocabulary says how to get it', async () => {
  const {program} = await remoteChat([{pieces: ['Hi'], reason: 'stop'}]);
  program.type('hello\r');
  await program.see(/^Hi\n[\s\S]*^ready/m);
  program.type('/tokens\r');
  await program.see('this server does not expose its vocabulary; give one with --tokenizer');
});
