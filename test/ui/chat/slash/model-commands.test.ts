// /model: the chat goes on with another model, with its messages; what fails leaves the first.
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import type {OtherModels} from '../../../../src/ui/chat/chat-context.ts';
import {NotedFace, openChat} from '../../../fakes/chat-face.ts';
import {ScriptedBackend} from '../../../fakes/scripted-backend.ts';

const OTHER = {id: 'big', template: 'v7', contextSize: 1024, supportsTools: false} as const;

class Shelf implements OtherModels {
  readonly opened: string[] = [];
  readonly other = new ScriptedBackend(['from the big one'], {
    ...OTHER,
    sampling: {temperature: {value: 0.15, origin: 'the file'}, topK: {value: 5, origin: 'the file'}},
  });

  async list() {
    return [
      {label: 'small', detail: '9 MB, hub'},
      {label: 'big', detail: '7 GB, hub'},
    ];
  }

  async open(name: string, note: (text: string) => void, onProgress: (fraction: number) => void) {
    this.opened.push(name);
    onProgress(0.5);
    if (name !== 'big') throw new EngineError('model_not_found', `no model called "${name}"`);
    note('sampling: temperature 0.15 (the file)');
    return this.other;
  }
}

test('/model NAME goes on with another model and the same chat, and says what differs', async () => {
  const models = new Shelf();
  const {say, core, backend} = await openChat(['from the small one'], {models});
  await say('hi');
  await say('/set top_k 3');
  expect(await say('/model big')).toEqual([
    'activity: loading big',
    'activity: loading big 50%',
    'note: sampling: temperature 0.15 (the file)',
    'note: model      big (was scripted)\ntemplate   v7 (was v3)\ncontext    1,024 tokens (was 256 tokens)\ntools      not supported (was supported)',
  ]);
  expect(backend.closed).toBe(true);
  expect(models.other.closed).toBe(false);
  // What the person set stays; what the model recommends is the new one's.
  expect(core.settings.sampling).toEqual({temperature: 0.15, topK: 3});
  await say('and you?');
  expect(models.other.requests[0]).toMatchObject({
    messages: [
      {role: 'user', content: 'hi'},
      {role: 'assistant', content: 'from the small one'},
      {role: 'user', content: 'and you?'},
    ],
  });
  expect(core.session.messages.map(({role}) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
});

test('a model that cannot be opened leaves the first, with its chat and its settings', async () => {
  const models = new Shelf();
  const {say, core, backend} = await openChat(['one', 'two'], {models});
  await say('hi');
  await say('/temp 0.3');
  expect(await say('/model bog')).toContain('error: no model called "bog"');
  expect(backend.closed).toBe(false);
  expect(core.settings.sampling).toEqual({temperature: 0.3});
  expect(await say('still there?')).toContain('text: two');
  expect(backend.requests).toHaveLength(2);
});

test('/model alone shows this one and lists the others, of which one is chosen', async () => {
  const models = new Shelf();
  const face = new NotedFace();
  const {say, core} = await openChat([], {models, face});
  const [facts, picker, ...rest] = await say('/model');
  expect(facts).toMatch(/^note: model +scripted\n/);
  expect(picker).toBe('pick: Go on with another model?: small = 9 MB, hub | big = 7 GB, hub');
  expect([rest, models.opened]).toEqual([[], []]);
  face.choose = () => 1;
  await say('/model');
  expect(models.opened).toEqual(['big']);
  expect(core.backend.model.id).toBe('big');
});

test('what was switched off stays off, and an effort of the first model is not asked of another', async () => {
  const models = new Shelf();
  const efforts = {levels: ['none', 'high'], default: 'none'};
  const {say, core} = await openChat([], {
    models,
    backend: new ScriptedBackend([], {efforts, sampling: {topK: {value: 40, origin: 'the file'}}}),
  });
  await say('/set top_k off');
  await say('/effort high');
  await say('/model big');
  expect(core.settings.sampling).toEqual({temperature: 0.15});
  expect(core.settings.reasoningEffort).toBeUndefined();
});

test('a chat without others says so', async () => {
  const {say} = await openChat();
  expect(await say('/model big')).toEqual(['error: this chat stays with its model']);
});
