import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import type {ChatCompletionRequest} from '../../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../../src/engine/conversation/session.ts';
import {openChat, type TestChatOptions} from '../../../fakes/chat-face.ts';
import {CostedBackend} from '../../../fakes/costed-backend.ts';
import {answering, type Call, type ScriptedAnswer} from '../../../fakes/scripted-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'context-commands-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const REQUEST =
  'Sum up our conversation so far: facts, decisions, names, open questions, what I asked for. At most 200 words.';
const isSummary = (request: Call['request']) =>
  'messages' in request && String(request.messages.at(-1)?.content).startsWith(REQUEST);

/** A chat whose summaries are `summary`, and whose other answers are `ok`. */
async function summing(summary: string | ScriptedAnswer, contextSize = 1000, options: TestChatOptions = {}) {
  const backend = new CostedBackend(
    contextSize,
    answering((request) => (isSummary(request) ? summary : 'ok')),
  );
  const chat = await openChat(undefined, {backend, ...options});
  const told = () => (backend.requests.at(-1) as ChatCompletionRequest).messages.map(({content}) => content);
  return {...chat, told};
}

test('/compact shows the summary, which stands for all but the last turn from then on; /undo takes it back', async () => {
  const {say, told, core} = await summing('We said hi.');
  for (const text of ['one', 'two', 'three']) await say(text);
  const shown = await say('/compact the names');
  expect(shown.filter((line) => !line.startsWith('text'))).toEqual([
    'begin',
    'end: stop',
    'note: compacted: 2 turns into 11 tokens; /undo takes it back',
  ]);
  expect(told()).toEqual(['one', 'ok', 'two', 'ok', 'three', 'ok', `${REQUEST} the names`]);
  expect((core.backend as CostedBackend).requests.at(-1)?.sampling).toEqual({temperature: 0, maxTokens: 250});
  expect(await say('/undo')).toEqual(['note: the summary is removed: the model sees the whole chat again']);
  await say('/compact');
  await say('four');
  expect(told()).toEqual([REQUEST, 'We said hi.', 'three', 'ok', 'four']);
  expect(core.conversation.messages.map(({content}) => content)).toEqual([
    'one',
    'ok',
    'two',
    'ok',
    'three',
    'ok',
    'four',
    'ok',
  ]);
  expect(await say('/undo')).toEqual(['note: removed: four']);
});

test('a summary that fails, has no words or is stopped changes nothing', async () => {
  const failed = await summing({error: new EngineError('backend_failed', 'gone')});
  for (const text of ['one', 'two']) await failed.say(text);
  expect(await failed.say('/compact')).toEqual(['begin', 'end: gone']);
  const empty = await summing('  ');
  for (const text of ['one', 'two']) await empty.say(text);
  expect((await empty.say('/compact')).at(-1)).toBe(
    'end: the summary has no words (The chat is as it was; ask again with what to keep, such as /compact the decisions.)',
  );
  const stopped = await summing('A long summary');
  for (const text of ['one', 'two']) await stopped.say(text);
  stopped.face.onEvent = (event) => {
    if (event.type === 'event' && event.event.type === 'text') stopped.core.stop();
  };
  expect(await stopped.say('/compact')).toEqual(['begin', 'text: A', 'end: aborted']);
  for (const {core, say, told, face} of [failed, empty, stopped]) {
    face.onEvent = () => {};
    expect(core.conversation.window).toBeUndefined();
    await say('three');
    expect(told()).toEqual(['one', 'ok', 'two', 'ok', 'three']);
  }
});

test('a message beside which the summary does not fit is told without it', async () => {
  const {say, told} = await summing('We said hi.', 400);
  for (const text of ['one', 'two', '/compact']) await say(text);
  await say('x'.repeat(280));
  expect(told()).toEqual(['x'.repeat(280)]);
});

test('a summary asks for words alone: calls of tools are not shown, and no form is demanded', async () => {
  const calls = [{id: 'abcdefghi', name: 'add', arguments: '{}'}];
  const {say, core, backend} = await summing({text: 'We said hi.', calls, reason: 'stop'});
  await say('/tools tools.json');
  for (const text of ['one', 'two']) await say(text);
  expect((await say('/compact')).filter((line) => line.startsWith('call'))).toEqual([]);
  const {tools, toolChoice} = backend.requests.at(-1) as ChatCompletionRequest;
  expect([tools?.map(({name}) => name), toolChoice]).toEqual([['add'], 'none']);
  expect(core.conversation.window?.left).toBe(2);
});

test('with fewer than two turns there is nothing to sum up', async () => {
  const {say} = await summing('x');
  await say('one');
  expect(await say('/compact')).toEqual(['begin', 'end: there is nothing to sum up yet (It takes two turns.)']);
});

test('what does not fit the request for a summary is not in it, which is said', async () => {
  const {say, told} = await summing('short', 400, {contextPolicy: 'stop'});
  for (let turn = 1; turn <= 4; turn += 1) await say(`${turn}${'x'.repeat(79)}`);
  // 109 tokens ask, 100 answer: 190 are left for turns of 82.
  const shown = await say('/compact');
  expect(told().map((text) => String(text).slice(0, 4))).toEqual(['1xxx', 'ok', '2xxx', 'ok', 'Sum ']);
  expect(shown.at(-1)).toBe(
    'note: compacted: 3 turns into 5 tokens, the last 1 of them did not fit and is not in it; /undo takes it back',
  );
});

test('summarise sums up by itself before the context is full, and says so', async () => {
  const {say, told, core} = await summing('short', 400, {contextPolicy: 'summarise'});
  const shown: string[][] = [];
  for (let turn = 1; turn <= 5; turn += 1) shown.push(await say(`${turn}${'x'.repeat(57)}`));
  // A prompt may have 299 tokens: 239 are four fifths, and the fifth turn would have 298.
  expect(shown[4]).toEqual([
    `said: 5${'x'.repeat(57)}`,
    'begin',
    'context: The 3 oldest turns are summed up in 5 tokens.',
    'text: o',
    'text: k',
    'end: stop',
  ]);
  expect(told().map((text) => String(text).slice(0, 5))).toEqual(['Sum u', 'short', '4xxxx', 'ok', '5xxxx']);
  expect(core.conversation.messages).toHaveLength(10);
});

test('when a summary fails the oldest turns are left out from then on, and the reason is said once', async () => {
  const error = new EngineError('backend_failed', 'gone');
  const {say, core} = await summing({error}, 400, {contextPolicy: 'summarise'});
  const shown: string[] = [];
  for (let turn = 1; turn <= 9; turn += 1) shown.push(...(await say(`${turn}${'x'.repeat(57)}`)));
  expect(shown.filter((line) => line.startsWith('context'))).toEqual([
    'context: The chat could not be summed up: gone; from now on the oldest turns are left out (/compact tries again).',
    'context: The 3 oldest turns no longer fit and the model does not see them (/compact sums up instead).',
    'context: 3 more turns no longer fit and the model does not see them.',
  ]);
  expect(shown.filter((line) => line === 'end: stop')).toHaveLength(9);
  expect(core.conversation.messages).toHaveLength(18);
});

test('/set context shows and changes the policy', async () => {
  const {say} = await summing('x', 100);
  expect(await say('/set context stop')).toEqual(['note: when the chat no longer fits, it ends']);
  for (const text of ['x'.repeat(60), 'y'.repeat(60)]) await say(text);
  expect((await say('/set')).join('\n')).toMatch(
    /^context +stop +when the chat no longer fits: trim, stop, summarise$/m,
  );
  expect(await say('/set context half')).toEqual([
    'error: context is trim, stop, summarise, not half (It says what becomes of a chat that no longer fits; --ctx sets how many tokens fit.)',
  ]);
  expect((await say('z'.repeat(60))).at(-1)).toContain('the prompt has 122 tokens and the context holds 100');
  await say('/set context trim');
  expect(await say('z'.repeat(60))).toContain(
    'context: The oldest turn no longer fits and the model does not see it (/compact sums up instead).',
  );
});

test('a resumed chat is told as before', async () => {
  const file = join(folder, 'chat.jsonl');
  const session = new Session(newSessionInfo('x'), file);
  const first = await summing('We said hi.', 1000, {session});
  for (const text of ['one', 'two', '/compact']) await first.say(text);
  const again = await summing('', 1000, {session: Session.read(file)});
  expect(again.core.conversation.messages).toHaveLength(4);
  await again.say('three');
  expect(again.told()).toEqual([REQUEST, 'We said hi.', 'two', 'ok', 'three']);
});

test('another branch, another chat and another way to go on are told from where they were', async () => {
  const {say, core, face, told, backend} = await summing('We said hi.');
  for (const text of ['one', 'two', 'three', '/compact', 'four']) await say(text);
  await say('/undo');
  await say('five');
  face.choose = () => 1;
  await say('/branches');
  expect(core.conversation.messages.at(-2)?.content).toBe('four');
  expect(core.conversation.window?.left).toBe(4);
  face.choose = () => 0;
  await say('/heat');
  const read = backend.calls.flatMap((call) => (call.kind === 'complete' ? [call.request.prompt.length] : []));
  // Behind the request: the summary, three, ok, four.
  expect(read).toEqual([REQUEST.length + 22, REQUEST.length + 23]);
  await say('/alt 1');
  expect(told().slice(0, 5)).toEqual([REQUEST, 'We said hi.', 'three', 'ok', 'four']);
  const file = join(folder, 'other.jsonl');
  const other = new Session(newSessionInfo('x'), file);
  const user = (content: string) => ({role: 'user', content}) as const;
  other.update([user('a'), user('b'), user('c')], {left: 2});
  core.open(Session.read(file));
  expect(core.conversation.window).toEqual({left: 2});
});

test('a chat of 300 turns goes on by itself', async () => {
  const {say, core} = await summing('x', 200);
  const ends: string[] = [];
  for (let turn = 0; turn < 300; turn += 1) ends.push((await say(`turn ${turn}`)).at(-1) ?? '');
  expect(ends).toEqual(Array(300).fill('end: stop'));
  expect(core.conversation.messages).toHaveLength(600);
});
