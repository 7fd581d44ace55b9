import {describe, expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import type {ChatCompletionRequest, Message} from '../../../src/engine/contract/requests.ts';
import {Conversation, type ConversationEvent, type ToolRunner} from '../../../src/engine/conversation/conversation.ts';
import {answering, type ScriptedAnswer, ScriptedBackend} from '../../fakes/scripted-backend.ts';

const never = new AbortController().signal;

function chat(script: readonly (string | ScriptedAnswer)[], runTool?: ToolRunner, messages: readonly Message[] = []) {
  const backend = new ScriptedBackend(answering((_, index) => script[index] ?? 'nothing more'));
  const conversation = new Conversation({
    backend,
    settings: () => ({sampling: {temperature: 0}}),
    messages,
    ...(runTool && {runTool}),
    maxToolRounds: 2,
  });
  const requests = () => (backend.requests as readonly ChatCompletionRequest[]).map(({messages: sent}) => sent);
  return {conversation, requests};
}

async function all(events: AsyncIterable<ConversationEvent>): Promise<ConversationEvent[]> {
  const list: ConversationEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const call = {id: 'abcdefghi', name: 'time', arguments: '{}'};
const callMessage: Message = {role: 'assistant', toolCalls: [call]};

describe('Conversation', () => {
  test('keeps both sides of each turn', async () => {
    const {conversation, requests} = chat(['Hi.', 'Bye.']);
    await all(conversation.send('Hello', never));
    const events = await all(conversation.send('So long', never));
    expect(events.at(-1)).toMatchObject({type: 'finish', reason: 'stop'});
    expect(conversation.messages).toEqual([
      {role: 'user', content: 'Hello'},
      {role: 'assistant', content: 'Hi.'},
      {role: 'user', content: 'So long'},
      {role: 'assistant', content: 'Bye.'},
    ]);
    expect(requests()[1]).toEqual(conversation.messages.slice(0, 3));
  });

  test('a partial answer stays after an abort', async () => {
    const {conversation} = chat(['A long answer']);
    const controller = new AbortController();
    for await (const event of conversation.send('Hello', controller.signal)) {
      if (event.type === 'text') controller.abort();
    }
    expect(conversation.messages.at(-1)).toEqual({role: 'assistant', content: 'A'});
  });

  test('a refusal before the answer leaves the history as it was', async () => {
    const error = new EngineError('context_length_exceeded', 'too long');
    const {conversation} = chat(['Hi.', {error}]);
    await all(conversation.send('Hello', never));
    await expect(all(conversation.send('So long', never))).rejects.toBe(error);
    expect(conversation.messages).toHaveLength(2);
  });

  test('a failure in mid-answer keeps what was said', async () => {
    const {conversation} = chat([{text: 'Half', error: new EngineError('backend_failed', 'gone')}]);
    await expect(all(conversation.send('Hello', never))).rejects.toMatchObject({code: 'backend_failed'});
    expect(conversation.messages.at(-1)).toEqual({role: 'assistant', content: 'Half'});
  });

  test('reasoning is kept as a thinking chunk', async () => {
    const {conversation} = chat([{reasoning: 'Hm.', text: 'Yes.'}]);
    await all(conversation.send('Really?', never));
    expect(conversation.messages.at(-1)).toEqual({
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'Hm.', closed: true},
        {type: 'text', text: 'Yes.'},
      ],
    });
  });

  test('regenerate answers the same message again', async () => {
    const {conversation, requests} = chat(['One.', 'Two.']);
    await all(conversation.send('Count', never));
    await all(conversation.regenerate(never));
    expect(requests()[1]).toEqual([{role: 'user', content: 'Count'}]);
    expect(conversation.messages.at(-1)).toEqual({role: 'assistant', content: 'Two.'});
  });

  test('continue goes on with the last answer, whose trailing spaces the model writes itself', async () => {
    const {conversation, requests} = chat([' Two.'], undefined, [
      {role: 'user', content: 'Count'},
      {role: 'assistant', content: 'One. '},
    ]);
    await all(conversation.continue(never));
    expect(requests()[0]?.at(-1)).toEqual({role: 'assistant', content: 'One.', prefix: true});
    expect(conversation.messages).toEqual([
      {role: 'user', content: 'Count'},
      {role: 'assistant', content: 'One. Two.'},
    ]);
  });

  test('undo takes back a whole turn and hands its text back, edit says something else instead', async () => {
    const {conversation} = chat(['One.', 'Two.']);
    await all(conversation.send('First', never));
    await all(conversation.edit('Second', never));
    expect(conversation.messages).toEqual([
      {role: 'user', content: 'Second'},
      {role: 'assistant', content: 'Two.'},
    ]);
    expect(conversation.undo()).toBe('Second');
    expect(conversation.messages).toEqual([]);
    expect(conversation.undo()).toBeUndefined();
  });

  test.each(['regenerate', 'continue'] as const)('%s without anything said is refused', async (name) => {
    const {conversation} = chat([]);
    await expect(all(conversation[name](never))).rejects.toMatchObject({code: 'invalid_request'});
  });

  test('the system prompt is set, replaced and removed', () => {
    const {conversation} = chat([], undefined, [{role: 'user', content: 'x'}]);
    conversation.setSystem('Be brief.');
    conversation.setSystem('Be kind.');
    expect(conversation.messages).toEqual([
      {role: 'system', content: 'Be kind.'},
      {role: 'user', content: 'x'},
    ]);
    conversation.setSystem(undefined);
    expect(conversation.messages).toEqual([{role: 'user', content: 'x'}]);
  });
});

describe('tools', () => {
  const calls = {calls: [call], reason: 'tool_calls'} as const;

  test('results go to the model until it answers in words', async () => {
    const {conversation, requests} = chat([calls, 'Noon.'], async ({name}) => `${name} is 12:00`);
    const events = await all(conversation.send('When?', never));
    const result: Message = {role: 'tool', content: 'time is 12:00', toolCallId: 'abcdefghi', name: 'time'};
    expect(requests()[1]).toEqual([{role: 'user', content: 'When?'}, callMessage, result]);
    expect(conversation.messages.at(-1)).toEqual({role: 'assistant', content: 'Noon.'});
    expect(events.filter(({type}) => type === 'finish')).toHaveLength(1);
    expect(events.filter(({type}) => type === 'tool_result')).toEqual([
      {type: 'tool_result', call, content: 'time is 12:00', failed: false},
    ]);
  });

  test('without a runner the calls are the answer', async () => {
    const {conversation} = chat([calls]);
    expect((await all(conversation.send('When?', never))).at(-1)).toMatchObject({reason: 'tool_calls'});
    expect(conversation.messages.at(-1)).toEqual(callMessage);
  });

  test('the model is told when a tool fails or its own call is damaged', async () => {
    const damaged = {...call, problem: 'The arguments are not valid JSON.'};
    const {conversation} = chat([calls, {calls: [damaged], reason: 'tool_calls'}, 'Sorry.'], async () => {
      throw new Error('no clock');
    });
    await all(conversation.send('When?', never));
    const results = conversation.messages.filter(({role}) => role === 'tool');
    expect(results.map(({content}) => content)).toEqual([
      'Error: no clock',
      'Error: The arguments are not valid JSON.',
    ]);
  });

  test('the rounds are limited', async () => {
    const {conversation} = chat([calls, calls, calls, calls], async () => '12:00');
    expect((await all(conversation.send('When?', never))).at(-1)).toMatchObject({reason: 'tool_calls'});
    expect(conversation.messages.filter(({role}) => role === 'assistant')).toHaveLength(3);
  });

  test('an abort during a tool leaves no call without a result', async () => {
    const controller = new AbortController();
    const two = {calls: [call, {...call, id: 'jklmnopqr'}], reason: 'tool_calls'} as const;
    const {conversation, requests} = chat([two], async () => {
      controller.abort();
      throw new Error('stopped');
    });
    const events = await all(conversation.send('When?', controller.signal));
    expect(events.at(-1)).toMatchObject({type: 'finish', reason: 'aborted'});
    expect(conversation.messages.filter(({role}) => role === 'tool')).toHaveLength(2);
    expect(requests()).toHaveLength(1);
  });
});
