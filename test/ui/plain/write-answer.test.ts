import {expect, test} from 'vitest';
import type {ContextEvent} from '../../../src/engine/conversation/context/context-policy.ts';
import {type AnswerFormat, writeAnswer} from '../../../src/ui/plain/write-answer.ts';
import {fakeIo} from '../../fakes/io.ts';
import {answering, SCRIPTED_MODEL, type ScriptedAnswer, ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {toyBackend} from '../../fakes/toy-backend.ts';

async function written(answer: string | ScriptedAnswer, format: AnswerFormat, {isTTY = false, maxTokens = 99} = {}) {
  const io = fakeIo('', {}, isTTY ? ['stdout'] : []);
  const events = new ScriptedBackend(answering(() => answer)).chat(
    {messages: [], sampling: {temperature: 0, maxTokens, seed: 7}},
    io.stop,
  );
  await writeAnswer(events, {to: io}, format, SCRIPTED_MODEL);
  return {out: io.out(), err: io.err()};
}

test('as text the answer stands alone, with one newline after it', async () => {
  expect(await written('Paris.', 'text')).toEqual({out: 'Paris.\n', err: ''});
});

test('a pipe gets the exact bytes, a terminal no orders', async () => {
  expect((await written('\u001b[2Jx', 'text')).out).toBe('\u001b[2Jx\n');
  expect((await written('\u001b[2Jx', 'text', {isTTY: true})).out).toBe('[2Jx\n');
});

test('a cut answer says why on stderr', async () => {
  expect(await written('Paris.', 'text', {maxTokens: 2})).toEqual({
    out: 'Pa\n',
    err: 'note: the answer was cut off after 2 tokens; raise the limit with --max-tokens\n',
  });
  expect((await written({text: 'x', reason: 'context'}, 'text')).err).toContain('the context of 256 tokens is full');
});

test('how a request was understood is a note on stderr, or a member of the object', async () => {
  const note = "reasoning_effort max is not among this model's (none, high): high was used";
  const noted = async (format: AnswerFormat) => {
    const io = fakeIo();
    const settings = '{"reasoning_effort": {"values": ["none", "high"], "default": "none"}}';
    const request = {messages: [{role: 'user', content: 'x'}], reasoningEffort: 'max', nearestEffort: true} as const;
    const {backend} = toyBackend({answer: () => [165, 2]}, {settings});
    await writeAnswer(backend.chat({...request, sampling: {temperature: 0}}, io.stop), {to: io}, format, backend.model);
    return io;
  };
  const text = await noted('text');
  expect({out: text.out(), err: text.err()}).toEqual({out: 'A\n', err: `note: ${note}\n`});
  expect(JSON.parse((await noted('json')).out())).toMatchObject({notes: [note]});
  const events = (await noted('stream-json')).out().trim().split('\n');
  expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({type: 'end', notes: [note]});
});

test('thoughts go to stderr, as lines and only where they are asked for', async () => {
  const said = async (thoughts: boolean, error?: Error) => {
    const io = fakeIo();
    const answer = {reasoning: 'One.\nTwo', text: 'A', ...(error && {error})};
    const events = new ScriptedBackend(answering(() => answer)).chat(
      {messages: [], sampling: {temperature: 0}},
      io.stop,
    );
    await writeAnswer(events, {to: io, thoughts}, 'text', SCRIPTED_MODEL).catch(() => {});
    return {out: io.out(), err: io.err()};
  };
  expect(await said(true)).toEqual({out: 'A\n', err: 'One.\nTwo\n'});
  expect(await said(false)).toEqual({out: 'A\n', err: ''});
  expect(await said(true, new Error('lost'))).toEqual({out: 'A\n', err: 'One.\nTwo\n'});
});

test('what a thought took and that it was cut stand in the object', async () => {
  const io = fakeIo();
  const thinks = (said: readonly number[]) =>
    said.includes(36) ? [said.at(-1) === 36 ? 165 : 2] : said.length ? [165] : [35];
  const {backend} = toyBackend({answer: () => [], ranked: thinks});
  const request = {messages: [{role: 'user', content: 'x'}], sampling: {temperature: 0, thinkingBudget: 3}} as const;
  await writeAnswer(backend.chat(request, io.stop), {to: io}, 'json', backend.model);
  expect(JSON.parse(io.out())).toMatchObject({
    content: 'A',
    reasoning: 'AAA',
    thinking_cut: true,
    usage: {completion_tokens: 7, reasoning_tokens: 3},
  });
});

test('--json is one object an answer', async () => {
  const call = {id: 'abcDEF123', name: 'add', arguments: '{"a": 1}', problem: 'cut off'};
  const {out} = await written({text: 'Hi', reasoning: 'hm', calls: [call]}, 'json');
  expect(out.endsWith('}\n')).toBe(true);
  expect(JSON.parse(out)).toEqual({
    content: 'Hi',
    reasoning: 'hm',
    tool_calls: [
      {id: 'abcDEF123', type: 'function', function: {name: 'add', arguments: '{"a": 1}'}, problem: 'cut off'},
    ],
    finish_reason: 'tool_calls',
    usage: {prompt_tokens: 3, cached_tokens: 0, completion_tokens: 2, total_tokens: 5},
    timings: {
      first_token_ms: 20,
      prompt_ms: 10,
      generation_ms: 100,
      prompt_tokens_per_second: 300,
      tokens_per_second: 20,
    },
    seed: 7,
    model: 'scripted',
    template: 'v3',
  });
});

test('--stream-json is one object an event', async () => {
  const {out} = await written('Hi', 'stream-json');
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({type}) => type)).toEqual(['start', 'delta', 'delta', 'end']);
  expect(events[0]).toMatchObject({model: 'scripted', prompt_tokens: 3, cached_tokens: 0});
  expect(events[1]).toEqual({type: 'delta', content: 'H'});
  expect(events[3]).toMatchObject({finish_reason: 'stop', seed: 7});
});

test('what the model does not see any more is a note, a member of the object, or an event before the text', async () => {
  const shown = async (format: AnswerFormat, contexts: readonly ContextEvent[]) => {
    const io = fakeIo();
    const request = {messages: [], sampling: {temperature: 0}};
    const events = async function* () {
      yield* contexts;
      yield* new ScriptedBackend(answering(() => 'Hi')).chat(request, io.stop);
    };
    await writeAnswer(events(), {to: io}, format, {...SCRIPTED_MODEL, contextSize: 1024});
    return {out: io.out(), err: io.err()};
  };
  const none = {type: 'context', isFurther: false, shortened: [], droppedTurns: 0, droppedMessages: 0} as const;
  const trimmed = {...none, policy: 'trim', droppedTurns: 2, droppedMessages: 4} as const;
  expect(await shown('text', [trimmed])).toEqual({
    out: 'Hi\n',
    err: 'note: the 2 oldest turns no longer fit the context of 1,024 tokens; --context-policy stop ends instead\n',
  });
  expect(JSON.parse((await shown('json', [trimmed])).out)).toMatchObject({
    content: 'Hi',
    context: {policy: 'trim', dropped_turns: 2, dropped_messages: 4},
  });
  const summed = {...none, policy: 'summarise', summary: {turns: 9, tokens: 80}} as const;
  const both = await shown('json', [summed, {...trimmed, isFurther: true}]);
  expect(JSON.parse(both.out)).toMatchObject({
    context: {policy: 'summarise', dropped_turns: 2, dropped_messages: 4, summary: {turns: 9, tokens: 80}},
  });
  expect(both.err).toBe(
    'note: the 9 oldest turns are summed up in 80 tokens\nnote: 2 more turns no longer fit the context of 1,024 tokens\n',
  );
  const [first] = (await shown('stream-json', [trimmed])).out.split('\n');
  expect(JSON.parse(first ?? '')).toEqual({type: 'context', policy: 'trim', dropped_turns: 2, dropped_messages: 4});
});

test('for a screen reader an answer comes by whole sentences', async () => {
  const io = fakeIo();
  const writes: string[] = [];
  const to = {...io, print: (text: string) => writes.push(text)};
  const events = new ScriptedBackend(answering(() => 'One. Two is 2.5!\nThree')).chat(
    {messages: [], sampling: {temperature: 0}},
    io.stop,
  );
  await writeAnswer(events, {to, sentences: true}, 'text', SCRIPTED_MODEL);
  expect(writes).toEqual(['One.', ' Two is 2.5!\n', 'Three\n']);
});
