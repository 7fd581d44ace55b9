// How a generation may end other than by itself: refused, aborted, left by its reader, or closed with its backend.
import {setImmediate as turn} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {EngineError} from '../../src/base/errors.ts';
import type {Backend, GenerationEvent} from '../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../src/engine/contract/requests.ts';
import type {SamplingParams} from '../../src/engine/contract/sampling.ts';
import {checkedEvents, eventsOf, never, textOf} from './events.ts';

const MAX = 50;
const hello = (sampling: Partial<SamplingParams> = {}): ChatCompletionRequest => ({
  messages: [{role: 'user', content: 'Hello'}],
  sampling: {temperature: 0, maxTokens: MAX, ...sampling},
});

export function refusalsContract(backend: () => Backend): void {
  /** Errors come to who reads; the call itself only gives the stream. */
  const refused = (stream: AsyncIterable<GenerationEvent>) => expect(eventsOf(stream)).rejects;
  const works = async () =>
    expect((await checkedEvents(backend().chat(hello({maxTokens: 5}), never()))).finish.reason).toBe('length');

  test.each<[string, Partial<SamplingParams>]>([
    ['topP', {topP: 2}],
    ['temperature', {temperature: -1}],
    ['minP', {minP: 1}],
    ['seed', {seed: -1}],
    ['maxTokens', {maxTokens: 1.5}],
    ['frequencyPenalty', {frequencyPenalty: 3}],
    ['logitBias', {logitBias: new Map([[5, 101]])}],
    ['stop', {stop: ['']}],
  ])('%s out of range is refused by all three ways of asking, by name', async (param, wrong) => {
    const sampling = {temperature: 0, maxTokens: 5, ...wrong};
    const refusal = {code: 'invalid_request', param};
    await refused(backend().chat(hello(wrong), never())).toMatchObject(refusal);
    await refused(backend().complete({prompt: 'Once', sampling}, never())).toMatchObject(refusal);
    if (backend().model.supportsFim) {
      await refused(backend().fim({prompt: 'a', suffix: 'b', sampling}, never())).toMatchObject(refusal);
    }
  });

  test('messages that ask nothing are refused', async () => {
    const none = {...hello(), messages: []};
    await refused(backend().chat(none, never())).toMatchObject({code: 'invalid_request'});
    const open = {...hello(), messages: [{role: 'assistant', content: 'Hi'} as const]};
    await refused(backend().chat(open, never())).toMatchObject({code: 'invalid_request'});
    await works();
  });

  test('a tool that is demanded and not there is refused', async () => {
    const request = {...hello(), toolChoice: {name: 'nowhere'}};
    await refused(backend().chat(request, never())).toMatchObject({code: 'invalid_request'});
    await works();
  });

  test('an image is refused as something that is not supported', async () => {
    const content = [{type: 'image_url'} as const];
    const request = {...hello(), messages: [{role: 'user', content} as const]};
    await refused(backend().chat(request, never())).toMatchObject({code: 'unsupported'});
    await works();
  });

  test('a prompt longer than the context is refused before anything is generated', async () => {
    const long = 'word '.repeat(backend().model.contextSize ?? 0);
    const refusal = {code: 'context_length_exceeded'};
    const sampling = {temperature: 0, maxTokens: 5};
    const request = {...hello(), messages: [{role: 'user', content: long} as const]};
    await refused(backend().chat(request, never())).toMatchObject(refusal);
    await refused(backend().complete({prompt: long, sampling}, never())).toMatchObject(refusal);
    await works();
  });
}

export function abortsContract(backend: () => Backend): void {
  const aborted = {type: 'finish', reason: 'aborted'};
  /** Runs a chat that is aborted when `when` says so, and checks that another one is answered. */
  const abortedWhen = async (when: (event: GenerationEvent, texts: number) => boolean) => {
    const controller = new AbortController();
    let texts = 0;
    const result = await checkedEvents(backend().chat(hello(), controller.signal), (event) => {
      if (event.type === 'text') texts++;
      if (when(event, texts)) controller.abort();
    });
    expect((await checkedEvents(backend().chat(hello({maxTokens: 5}), never()))).finish.reason).toBe('length');
    return result;
  };

  test.each(['chat', 'complete', 'fim'] as const)('before it starts, %s does nothing', async (way) => {
    if (way === 'fim' && !backend().model.supportsFim) return;
    const {sampling} = hello();
    const streams = {
      chat: () => backend().chat(hello(), AbortSignal.abort()),
      complete: () => backend().complete({prompt: 'Once', sampling}, AbortSignal.abort()),
      fim: () => backend().fim({prompt: 'a', suffix: 'b', sampling}, AbortSignal.abort()),
    };
    const {events, finish} = await checkedEvents(streams[way]());
    expect(finish).toMatchObject({...aborted, usage: {completionTokens: 0}});
    expect(events.filter(({type}) => type !== 'prompt' && type !== 'finish')).toEqual([]);
  });

  test('while the prompt is read, nothing is generated', async () => {
    const {events, finish} = await abortedWhen(({type}) => type === 'prompt');
    expect(finish).toMatchObject({...aborted, usage: {completionTokens: 0}});
    expect(textOf(events)).toBe('');
  });

  test('in the first token, it is one of few', async () => {
    const {finish} = await abortedWhen((_event, texts) => texts === 1);
    expect(finish).toMatchObject(aborted);
    expect(finish.usage.completionTokens).toBeLessThan(MAX);
  });

  test('in the middle, what was said stays', async () => {
    const whole = textOf((await checkedEvents(backend().chat(hello({maxTokens: 10}), never()))).events);
    const {events, finish} = await abortedWhen((_event, texts) => texts === 3);
    expect(finish).toMatchObject(aborted);
    const said = textOf(events);
    expect(said).not.toBe('');
    expect(said.startsWith(whole) || whole.startsWith(said)).toBe(true);
    expect(finish.usage.completionTokens).toBeGreaterThan(1);
    expect(finish.usage.completionTokens).toBeLessThan(MAX);
  });

  test('after the end, nothing changes', async () => {
    const controller = new AbortController();
    const {finish} = await checkedEvents(backend().chat(hello({maxTokens: 5}), controller.signal));
    controller.abort();
    await turn();
    expect(finish).toMatchObject({reason: 'length', usage: {completionTokens: 5}});
    expect((await checkedEvents(backend().chat(hello({maxTokens: 5}), never()))).finish.reason).toBe('length');
  });

  test('of one of two answers, the other one goes on', async () => {
    const controller = new AbortController();
    const alone = await checkedEvents(backend().chat(hello({maxTokens: 10}), never()));
    const [cut, whole] = await Promise.all([
      checkedEvents(backend().chat(hello(), controller.signal), ({type}) => {
        if (type === 'text') controller.abort();
      }),
      checkedEvents(backend().chat(hello({maxTokens: 10}), never())),
    ]);
    expect(cut.finish).toMatchObject(aborted);
    expect(whole.finish.reason).toBe(alone.finish.reason);
    expect(whole.finish.usage.completionTokens).toBe(alone.finish.usage.completionTokens);
    expect(textOf(whole.events)).toBe(textOf(alone.events));
  });

  test('a reader that leaves leaves the backend usable', async () => {
    for (const last of ['prompt', 'text'] as const) {
      for await (const event of backend().chat(hello(), never())) if (event.type === last) break;
      expect((await checkedEvents(backend().chat(hello({maxTokens: 5}), never()))).finish.reason).toBe('length');
    }
  });

  test('a stream that nobody reads does nothing', async () => {
    backend().chat(hello(), never());
    await turn();
    expect((await checkedEvents(backend().chat(hello({maxTokens: 5}), never()))).finish.reason).toBe('length');
  });
}

export function closingContract(backend: () => Backend): void {
  test('twice is once', async () => {
    await checkedEvents(backend().chat(hello({maxTokens: 5}), never()));
    await backend().close();
    await backend().close();
  });

  test('during an answer ends it, with a failure or as it would have ended', async () => {
    let closed: Promise<void> | undefined;
    const outcome = await checkedEvents(backend().chat(hello(), never()), ({type}) => {
      if (type === 'text') closed ??= backend().close();
    }).catch((error: unknown) => error);
    await closed;
    if (outcome instanceof EngineError) expect(outcome.code).toBe('backend_failed');
    else expect(outcome).toMatchObject({finish: {type: 'finish'}});
  });
}
