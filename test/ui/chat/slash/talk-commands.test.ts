import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openChat} from '../../../fakes/chat-face.ts';
import {answering, type Step} from '../../../fakes/scripted-backend.ts';

const said = (messages: readonly {content?: unknown}[]) => messages.map(({content}) => content);
const counting = () => answering((_request, index) => `${index + 1}`);

test('/regen answers the last message again, as a branch', async () => {
  const {say, core} = await openChat(counting());
  await say('hi');
  expect(await say('/retry')).toEqual(['begin', 'text: 2', 'end: stop']);
  expect(said(core.conversation.messages)).toEqual(['hi', '2']);
  expect(core.session.branches.map(({messages}) => said(messages))).toEqual([
    ['hi', '2'],
    ['hi', '1'],
  ]);
});

test('/continue goes on with an answer that was cut; the parts are one message', async () => {
  const {say, core, backend} = await openChat(counting());
  await say('hi');
  expect(await say('/continue')).toEqual(['begin', 'text: 2', 'end: stop']);
  expect(said(core.conversation.messages)).toEqual(['hi', '12']);
  expect(backend.requests[1]).toMatchObject({messages: [{}, {role: 'assistant', content: '1', prefix: true}]});
});

test('/undo takes back a message and its answer, and shows the start of a long one', async () => {
  const {say, core} = await openChat(counting());
  await say('one');
  await say('two\nlines');
  expect(await say('/undo')).toEqual(['note: removed: two…']);
  expect(await say('/undo')).toEqual(['note: removed: one']);
  expect(core.conversation.messages).toEqual([]);
  await say('x'.repeat(61));
  expect(await say('/undo')).toEqual([`note: removed: ${'x'.repeat(60)}…`]);
});

test('/edit puts the last message into the prompt', async () => {
  const {say, core, face} = await openChat(counting());
  await say('one\ntwo');
  expect(await say('/edit')).toEqual(['note: edit your message and press Enter to send it again']);
  expect(face.draft).toBe('one\ntwo');
  expect(core.conversation.messages).toEqual([]);
});

test('/clear forgets the conversation and keeps the system prompt', async () => {
  const {say, core} = await openChat(counting(), {system: () => 'Be brief.'});
  await say('hi');
  for (const name of ['/clear', '/new', '/reset']) expect(await say(name)).toEqual(['note: a new conversation']);
  expect(said(core.conversation.messages)).toEqual(['Be brief.']);
});

test('/system shows, sets and removes the system prompt', async () => {
  const {say, core} = await openChat(counting());
  expect(await say('/system Be brief.\nBe kind.')).toEqual(['note: system prompt set']);
  expect(await say('/system')).toEqual(['note: system prompt: Be brief.\nBe kind.']);
  await say('hi');
  expect(said(core.conversation.messages)).toEqual(['Be brief.\nBe kind.', 'hi', '1']);
  expect(await say('/system -')).toEqual(['note: system prompt removed']);
  expect(said(core.conversation.messages)).toEqual(['hi', '1']);
});

test("/system default takes the model's own, and says where there is none", async () => {
  const {say, core, backend} = await openChat(counting());
  expect(await say('/system default')).toEqual([
    'error: no recommended system prompt is known of scripted (Give its text, or a file with it as @FILE.)',
  ]);
  const at = () => [
    {type: 'text', text: 'How: '} as const,
    {type: 'thinking', thinking: 'draft', closed: true} as const,
    {type: 'text', text: 'Go.'} as const,
  ];
  Object.assign(backend.model, {defaultSystem: {origin: 'a test', thinks: true, at}});
  expect(await say('/system default')).toEqual(["note: the model's own system prompt is set"]);
  expect(await say('/system')).toEqual(['note: system prompt: How: [THINK]draft[/THINK]Go.']);
  expect(core.conversation.messages[0]).toEqual({role: 'system', content: at()});
});

test('/fim fills in between two texts, with the settings of the chat, and says nothing to it', async () => {
  const {say, core, backend} = await openChat((call): Step[] => [call.kind]);
  await say('/temp 0.2');
  expect(await say('/fim def add( <FILL> return sum')).toEqual(['begin', 'text: fim', 'end: stop']);
  await say('/fim alone');
  expect(backend.requests).toEqual([
    {prompt: 'def add( ', suffix: ' return sum', sampling: {temperature: 0.2}},
    {prompt: 'alone', sampling: {temperature: 0.2}},
  ]);
  expect(core.conversation.messages).toEqual([]);
});

test('/fim that the model does not know is a turn that failed', async () => {
  const refuse = () => {
    throw new EngineError('unsupported', 'the model has no fill-in');
  };
  const {say} = await openChat([refuse]);
  expect(await say('/fim x')).toEqual(['begin', 'end: the model has no fill-in']);
});
