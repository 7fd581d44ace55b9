import {describe, expect, it} from 'vitest';
import {parseJson} from '../../../src/base/json.ts';
import {readMessage} from '../../../src/engine/wire/read-messages.ts';
import {readChatRequest} from '../../../src/engine/wire/read-request.ts';

const read = (text: string, dialect: 'strict' | 'lenient' = 'strict') =>
  readMessage(parseJson(text), 'messages[0]', {dialect, ignored: []});

describe('readMessage', () => {
  it('reads thinking as text or as a list of texts', () => {
    const content = [{type: 'thinking', thinking: 'ab', closed: true}];
    expect(read('{"role": "assistant", "content": [{"type": "thinking", "thinking": "ab"}]}')).toEqual({
      role: 'assistant',
      content,
    });
    expect(
      read(
        '{"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}, {"text": "b"}]}]}',
      ),
    ).toEqual({role: 'assistant', content});
  });

  it('puts a reasoning field before the content', () => {
    expect(read('{"role": "assistant", "content": "b", "reasoning_content": "a"}')).toEqual({
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'a', closed: true},
        {type: 'text', text: 'b'},
      ],
    });
    expect(() =>
      read('{"role": "assistant", "content": [{"type": "thinking", "thinking": "a"}], "reasoning": "a"}'),
    ).toThrow('exclude each other');
  });

  it('takes arguments as text, object or null', () => {
    const call = (args: string) =>
      read(
        `{"role": "assistant", "tool_calls": [{"id": "123456789", "function": {"name": "f", "arguments": ${args}}}]}`,
      );
    const calls = (args: string) => ({role: 'assistant', toolCalls: [{id: '123456789', name: 'f', arguments: args}]});
    expect(call('"{ }"')).toEqual(calls('{ }'));
    expect(call('{"1": 1.0, "0": "é"}')).toEqual(calls('{"1": 1.0, "0": "\\u00e9"}'));
    expect(call('null')).toEqual(calls('{}'));
  });

  it('accepts what clients add, if it is asked to', () => {
    expect(read('{"role": "developer", "content": "a", "name": "x"}', 'lenient')).toEqual({
      role: 'system',
      content: 'a',
    });
    expect(read('{"role": "tool", "tool_call_id": "123456789", "content": null}', 'lenient')).toEqual({
      role: 'tool',
      content: '',
      toolCallId: '123456789',
    });
  });
});

describe('call ids of other makers', () => {
  const body = (first: string, second: string) =>
    parseJson(`{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [
      {"id": "${first}", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}"}},
      {"id": "${second}", "type": "function", "index": 1, "function": {"name": "g", "arguments": "{}"}}]},
      {"role": "tool", "tool_call_id": "${second}", "content": "2"}, {"role": "tool", "tool_call_id": "${first}", "content": "1"}]}`);

  it('become ids a template can carry, one for a call and its result', () => {
    const {messages} = readChatRequest(body('call_abc', '123456789'), {dialect: 'lenient'}).request;
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        toolCalls: [
          {id: 'mFwsyKmO3', name: 'f', arguments: '{}'},
          {id: '123456789', name: 'g', arguments: '{}'},
        ],
      },
      {role: 'tool', toolCallId: '123456789', content: '2'},
      {role: 'tool', toolCallId: 'mFwsyKmO3', content: '1'},
    ]);
  });

  it('step aside when the id is taken', () => {
    const {messages} = readChatRequest(body('call_abc', 'mFwsyKmO3'), {dialect: 'lenient'}).request;
    const ids = messages
      .flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
      .map((call) => call.id);
    expect(new Set(ids).size).toBe(2);
    expect(ids[1]).toBe('mFwsyKmO3');
    expect(ids[0]).toMatch(/^[a-zA-Z0-9]{9}$/);
  });

  it('stay as they are in the strict dialect', () => {
    expect(() => readChatRequest(body('call_abc', '123456789'))).toThrow(
      'Unknown field messages[1].tool_calls[0].index.',
    );
  });
});
