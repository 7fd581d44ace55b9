// Answers of a model with a foreign template: text as it comes, and the one form of calls that is read.
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {HermesOutput} from '../../../../src/engine/template/foreign/hermes-output.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

const tokenizer = toyTokenizer();

/** What is read of this answer, in pieces of this many tokens. */
function read(answer: string, {readsCalls = true, cut = false} = {}) {
  let count = 0;
  const newCallId = () => `call0000${count++}`;
  const output = new HermesOutput(tokenizer, {prompt: [1], ends: new Set([2]), readsCalls, newCallId});
  const tokens = [...tokenizer.encode(answer), ...(cut ? [] : [2])];
  const events = tokens.flatMap((token) => output.push(token));
  const end = output.end(cut ? 'length' : 'stop');
  const all = [...events, ...end.events];
  const text = all.flatMap((event) => (event.type === 'text' ? event.text : [])).join('');
  const calls = all.flatMap((event) => (event.type === 'tool_call' ? event.call : []));
  return {text, calls, reason: end.reason, incomplete: end.incomplete};
}

const call = (name: string, args: string, id = 'call00000') => ({id, name, arguments: args});

test.each([
  ['Hello', 'Hello', [], 'stop'],
  ['<tool_call>\n{"name": "f", "arguments": {"a": 1.0}}\n</tool_call>', '', [call('f', '{"a": 1.0}')], 'tool_calls'],
  [
    'Let me look. \n<tool_call>{"arguments": {}, "name": "f"}</tool_call>\n<tool_call>{"name": "g", "arguments": {"b": "</tool"}}</tool_call>\n',
    'Let me look.',
    [call('f', '{}'), call('g', '{"b": "</tool"}', 'call00001')],
    'tool_calls',
  ],
  ['<tool_call>{"name": "f", "arguments": {}}', '', [call('f', '{}')], 'tool_calls'],
  ['<tool_call>words</tool_call> and more', '<tool_call>words</tool_call> and more', [], 'stop'],
  ['a <tool_ b', 'a <tool_ b', [], 'stop'],
  ['a <tool', 'a <tool', [], 'stop'],
  ['a  \n', 'a  \n', [], 'stop'],
])('%j', (answer, text, calls, reason) => {
  expect(read(answer)).toMatchObject({text, calls, reason});
});

test('arguments that are no object come with their problem', () => {
  const {calls} = read('<tool_call>{"name": "f", "arguments": [1]}</tool_call>');
  expect(calls).toEqual([{...call('f', '[1]'), problem: 'The arguments are not a JSON object.'}]);
});

test('nothing is made up of a call that was cut off', () => {
  expect(read('a <tool_call>{"name": "f"', {cut: true})).toEqual({
    text: 'a',
    calls: [],
    reason: 'length',
    incomplete: '{"name": "f"',
  });
});

test('without tools the tags are words', () => {
  const answer = '<tool_call>{"name": "f", "arguments": {}}</tool_call>';
  expect(read(answer, {readsCalls: false})).toMatchObject({text: answer, calls: [], reason: 'stop'});
});

test('no text is lost, whatever is written', () => {
  const words = fc.array(fc.constantFrom('<tool_call>', '</tool_call>', ' ', '\n', 'a', '<', '{"name": "f"'), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(words, (parts) => {
      const answer = parts.join('');
      const {text, calls} = read(answer);
      const blank = (value: string) => value.replace(/\s/g, '');
      if (calls.length === 0) expect(blank(text)).toBe(blank(answer));
    }),
    {numRuns: 300},
  );
});
