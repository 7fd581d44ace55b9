// The built program whose engine's thread ends by a fault in the middle of an answer: on the screen, in a pipe, as a server.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, onTestFinished, test, vi} from 'vitest';
import {hasNoGpu} from '../../src/engine/llama/addon/cpu-build.ts';
import {parseEvents} from '../serve/events.ts';
import {leave, say, tinyChats} from './harness/tiny-chat.ts';

const {chat, newState, model} = tinyChats();
const preload = new URL('../fixtures/crash-engine-thread.js', import.meta.url).href;
const LOST = "the engine's thread ended: a fault of this test";

function crashing() {
  const state = newState();
  const when = join(state, 'crash');
  const env = {CRASH_WHEN: when, NODE_OPTIONS: `--import ${preload}`, MISTRAL_STATE_DIR: state};
  return {state, env, crash: () => writeFileSync(when, '')};
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const bin = new URL(`../../bin/${program}.js`, import.meta.url).pathname;
  const child = spawn(process.execPath, [bin, ...args], {env: {...process.env, ...env}});
  onTestFinished(() => void child.kill('SIGKILL'));
  const text = {stdout: '', stderr: ''};
  child.stdout.on('data', (chunk: Buffer) => {
    text.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString();
  });
  return {child, text};
}

const LONG = ['--max-tokens', '1500', '--temperature', '0', '--gpu', 'off', '--threads', '1', '--logit-bias', '2=-100'];

describe.runIf(hasNoGpu())('an answer whose engine is lost', () => {
  test('on the screen is said to be lost, and the next one is answered by a new engine', async () => {
    const {state, env, crash} = crashing();
    const program = chat(state, ['--max-tokens', '1500'], {env});
    await program.see('> Type a message');
    program.type('go\r');
    await program.see(/\bw\d+ /);
    crash();
    await program.see(LOST);
    await say(program, 'again');
    await leave(program);
  });

  test('in a pipe ends the program with exit code 5 and the reason', async () => {
    const {env, crash} = crashing();
    const {child, text} = start('mistral-chat', [model, '--instruct', '--stream-json', ...LONG], env);
    child.stdin.write('Hello\n');
    await vi.waitFor(() => expect(text.stdout).toContain('"delta"'), 60_000);
    crash();
    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(text.stderr).toContain(`error: ${LOST}\n`);
  });

  test('of a server ends with engine_failed, and the next request is answered', async () => {
    const {env, crash} = crashing();
    const {text} = start('mistral', ['serve', model, '--port', '0', '--gpu', 'off', '--threads', '1'], env);
    const at = () => /serving tiny at (http:\S+)/.exec(text.stderr)?.[1] ?? Promise.reject(new Error(text.stderr));
    const url = await vi.waitFor(at, 60_000);
    const ask = (max_tokens: number, stream: boolean) =>
      fetch(`${url}/v1/completions`, {
        method: 'POST',
        body: JSON.stringify({prompt: 'a', max_tokens, stream, logit_bias: {2: -100}}),
      });
    const reply = await ask(1900, true);
    crash();
    expect(parseEvents(await reply.text()).at(-1).error).toMatchObject({
      code: 'engine_failed',
      message: `${LOST}; Ask again: it is started anew.`,
    });
    // Until the engine has shown that it computes again, requests are told to come back.
    await vi.waitFor(async () => {
      const next = await ask(3, false);
      expect([next.status, (await next.json()).usage?.completion_tokens]).toEqual([200, 3]);
    }, 60_000);
  });
});
