// What every Backend must hold to, whoever computes. A backend's own test calls this with a way to open one whose
// answers to a user's message have at least five tokens.
import {expect, test} from 'vitest';
import type {Backend, GenerationEvent} from '../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../src/engine/contract/requests.ts';

export async function eventsOf(events: AsyncIterable<GenerationEvent>): Promise<GenerationEvent[]> {
  const list: GenerationEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const never = () => new AbortController().signal;

export function backendContract(open: () => Backend | Promise<Backend>): void {
  const chat = (sampling: Partial<ChatCompletionRequest['sampling']> = {}): ChatCompletionRequest => ({
    messages: [{role: 'user', content: 'Hello'}],
    sampling: {temperature: 0, maxTokens: 5, ...sampling},
  });
  const withBackend = async (use: (backend: Backend) => Promise<void>) => {
    const backend = await open();
    await use(backend);
    await backend.close();
  };

  test('one prompt event first, one finish event last, with usage', () =>
    withBackend(async (backend) => {
      const events = await eventsOf(backend.chat(chat(), never()));
      expect(events.filter(({type}) => type === 'prompt')).toEqual([events[0]]);
      expect(events.filter(({type}) => type === 'finish')).toEqual([events.at(-1)]);
      expect(events.at(-1)).toMatchObject({reason: 'length', usage: {completionTokens: 5}});
    }));

  test('the same request gives the same answer at temperature 0', () =>
    withBackend(async (backend) => {
      const text = async () =>
        (await eventsOf(backend.chat(chat(), never())))
          .map((event) => (event.type === 'text' ? event.text : ''))
          .join('');
      expect(await text()).toBe(await text());
    }));

  test('abort is a finish, not an error', () =>
    withBackend(async (backend) => {
      const controller = new AbortController();
      const events: GenerationEvent[] = [];
      for await (const event of backend.chat(chat({maxTokens: 50}), controller.signal)) {
        events.push(event);
        if (event.type === 'text') controller.abort();
      }
      expect(events.at(-1)).toMatchObject({type: 'finish', reason: 'aborted'});
      const [last] = (await eventsOf(backend.chat(chat(), AbortSignal.abort()))).slice(-1);
      expect(last).toMatchObject({type: 'finish', reason: 'aborted', usage: {completionTokens: 0}});
    }));

  test('a reader that stops early leaves the backend usable', () =>
    withBackend(async (backend) => {
      for await (const event of backend.chat(chat({maxTokens: 50}), never())) if (event.type === 'text') break;
      expect((await eventsOf(backend.chat(chat(), never()))).at(-1)).toMatchObject({reason: 'length'});
    }));

  test('completion goes on from a text', () =>
    withBackend(async (backend) => {
      const request = {prompt: 'Once', sampling: {temperature: 0, maxTokens: 3}};
      const events = await eventsOf(backend.complete(request, never()));
      expect(events.at(-1)).toMatchObject({usage: {completionTokens: 3}});
    }));

  test('parameters out of range are refused', () =>
    withBackend(async (backend) => {
      const answer = eventsOf(backend.chat(chat({topP: 2}), never()));
      await expect(answer).rejects.toMatchObject({code: 'invalid_request'});
    }));
}
