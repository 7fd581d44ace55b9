import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {AssistantMessage, Message, TemplateVersion} from '../../../src/engine/contract/requests.ts';
import {encodeChat} from '../../../src/engine/template/encode/encode-chat.ts';
import {historyToSend} from '../../../src/engine/template/resend-history.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';

const user: Message = {role: 'user', content: 'a'};
const call = (id: string) => ({id, name: 'f', arguments: '{}'});
const result = (id: string, content = 'x'): Message => ({role: 'tool', content, toolCallId: id, name: 'f'});
const calling: AssistantMessage = {
  role: 'assistant',
  content: 'I look.',
  toolCalls: [call('aaaaaaaaa'), call('bbbbbbbbb')],
};
const NOT_RUN = 'Error: this call was not run.';

describe('historyToSend', () => {
  it('answers the calls that were left open', () => {
    expect(historyToSend([user, calling, user], undefined)).toEqual([
      user,
      calling,
      result('aaaaaaaaa', NOT_RUN),
      result('bbbbbbbbb', NOT_RUN),
      user,
    ]);
    expect(historyToSend([user, calling, result('bbbbbbbbb'), user], 'v7')).toEqual([
      user,
      calling,
      result('bbbbbbbbb'),
      result('aaaaaaaaa', NOT_RUN),
      user,
    ]);
    const complete = [user, calling, result('bbbbbbbbb'), result('aaaaaaaaa')];
    expect(historyToSend(complete, 'v13')).toEqual(complete);
  });

  it('leaves out results of calls that are not there, as of a damaged chat', () => {
    expect(historyToSend([user, result('aaaaaaaaa'), user], undefined)).toEqual([user, user]);
    expect(historyToSend([result('aaaaaaaaa'), result('bbbbbbbbb')], 'v7')).toEqual([]);
    const alone: AssistantMessage = {role: 'assistant', toolCalls: [call('bbbbbbbbb')]};
    expect(historyToSend([alone, result('aaaaaaaaa'), result('bbbbbbbbb'), user], 'v7')).toEqual([
      alone,
      result('bbbbbbbbb'),
      user,
    ]);
    const withoutId: Message = {role: 'tool', content: 'x'};
    expect(historyToSend([alone, withoutId], undefined)).toEqual([alone, withoutId]);
  });

  it('leaves out what a template has no form for', () => {
    const thought: Message = {
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'hm', closed: true},
        {type: 'text', text: 'b'},
      ],
    };
    expect(historyToSend([user, thought], 'v13')).toEqual([user, thought]);
    expect(historyToSend([user, thought], 'v3')).toEqual([
      user,
      {role: 'assistant', content: [{type: 'text', text: 'b'}]},
    ]);
    expect(historyToSend([user, calling], 'v3')).toEqual([user, {role: 'assistant', toolCalls: calling.toolCalls}]);
    expect(historyToSend([user, calling, result('aaaaaaaaa'), user], 'v1')).toEqual([
      user,
      {role: 'assistant', content: 'I look.'},
      user,
    ]);
  });

  it('tells a thought in words to a version whose models write it so', () => {
    const chunks = (text: string) => [
      {type: 'thinking', thinking: 'hm', closed: true} as const,
      ...(text === '' ? [] : [{type: 'text', text} as const]),
    ];
    const told = (text: string) => historyToSend([user, {role: 'assistant', content: chunks(text)}], 'v11')[1]?.content;
    expect(told('b')).toEqual([{type: 'text', text: '<think>\nhm\n</think>\nb'}]);
    expect(told('')).toEqual([{type: 'text', text: '<think>\nhm\n</think>\n'}]);
  });

  it('leaves thoughts out where that is asked for, but the one to go on with', () => {
    const thought = {type: 'thinking', thinking: 'hm', closed: true} as const;
    const [text, open] = [{type: 'text', text: 'b'} as const, {...thought, closed: false}];
    const history = [
      user,
      {role: 'assistant', content: [thought, text]} as const,
      user,
      {role: 'assistant', content: [open]} as const,
      user,
      {role: 'assistant', content: [open], prefix: true} as const,
    ];
    for (const version of ['v13', undefined] as const) {
      expect(historyToSend(history, version, {dropThoughts: true})).toEqual([
        user,
        {role: 'assistant', content: [text]},
        user,
        user,
        {role: 'assistant', content: [open], prefix: true},
      ]);
    }
    expect(historyToSend([user, {...calling, content: [thought]}], 'v13', {dropThoughts: true})).toEqual([
      user,
      {role: 'assistant', toolCalls: calling.toolCalls},
    ]);
  });

  it('makes every history of a conversation one that can be told', () => {
    const turn = fc.record({
      text: fc.constantFrom('', 'b', ' '),
      thinking: fc.constantFrom('', 'hm'),
      calls: fc.integer({min: 0, max: 2}),
      results: fc.integer({min: 0, max: 2}),
      after: fc.constantFrom('', 'done'),
    });
    const version = fc.constantFrom<TemplateVersion>('v1', 'v2', 'v3', 'v7', 'v11', 'v13', 'v15');
    fc.assert(
      fc.property(fc.array(turn, {maxLength: 4}), version, fc.boolean(), (turns, template, dropThoughts) => {
        const messages = [...turns.flatMap(messagesOf), user];
        const request = {messages: historyToSend(messages, template, {dropThoughts}), sampling: {temperature: 0}};
        expect(encodeChat(request, toyTokenizer(), template, {mode: 'test'}).tokens[0]).toBe(1);
      }),
    );
  });
});

interface Turn {
  readonly text: string;
  readonly thinking: string;
  readonly calls: number;
  readonly results: number;
  readonly after: string;
}

/** One turn as a conversation keeps it: an answer may be empty, cut before its tools ran, or followed by another. */
function messagesOf({text, thinking, calls, results, after}: Turn): readonly Message[] {
  const toolCalls = [call('aaaaaaaaa'), call('bbbbbbbbb')].slice(0, calls);
  const thought = {type: 'thinking', thinking, closed: true} as const;
  const content = thinking === '' ? text : text === '' ? [thought] : [thought, {type: 'text', text} as const];
  const answer: AssistantMessage = {role: 'assistant', ...(content !== '' && {content}), ...(calls > 0 && {toolCalls})};
  const said = content !== '' || calls > 0;
  const told = toolCalls.slice(0, results).map(({id}) => result(id));
  const isFollowed = told.length > 0 && after !== '';
  return [
    user,
    ...(said ? [answer] : []),
    ...told,
    ...(isFollowed ? [{role: 'assistant', content: after} as const] : []),
  ];
}
