// Reads the events of one generation and checks what holds for every one of them, however it ends.
import {expect} from 'vitest';
import type {GenerationEvent} from '../../src/engine/contract/backend.ts';
import type {FinishEvent} from '../../src/engine/contract/collect-answer.ts';

export const never = (): AbortSignal => new AbortController().signal;

export async function eventsOf(events: AsyncIterable<GenerationEvent>): Promise<GenerationEvent[]> {
  const list: GenerationEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

export const textOf = (events: readonly GenerationEvent[]): string =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');
export const reasoningOf = (events: readonly GenerationEvent[]): string =>
  events.map((event) => (event.type === 'reasoning' ? event.text : '')).join('');
export const callsOf = (events: readonly GenerationEvent[]) =>
  events.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));

/** `onEvent` may abort. The prompt comes first and once, progress only grows, one `finish` comes last, usage adds up. */
export async function checkedEvents(
  stream: AsyncIterable<GenerationEvent>,
  onEvent: (event: GenerationEvent, index: number) => void = () => {},
): Promise<{events: GenerationEvent[]; finish: FinishEvent}> {
  const events: GenerationEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    onEvent(event, events.length - 1);
  }
  const finish = events.at(-1) as FinishEvent;
  expect(events.filter(({type}) => type === 'finish')).toEqual([finish]);
  const prompts = events.filter(({type}) => type === 'prompt');
  // One that is aborted before it starts may have none.
  if (events.length > 1) expect(prompts).toEqual([events[0]]);
  checkUsage(events, finish);
  return {events, finish};
}

function checkUsage(events: readonly GenerationEvent[], {usage, timings, reason}: FinishEvent): void {
  const [prompt] = events;
  if (prompt?.type === 'prompt' && prompt.tokens.length > 0) {
    expect(usage).toMatchObject({promptTokens: prompt.tokens.length, cachedTokens: prompt.cached});
    expect(prompt.cached).toBeLessThan(prompt.tokens.length);
  }
  const done = events.flatMap((event) => (event.type === 'prefill' ? [event.done] : []));
  expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
  for (const event of events) {
    if (event.type !== 'prefill') continue;
    expect(event.total).toBe(usage.promptTokens - usage.cachedTokens);
    expect(event.done).toBeLessThanOrEqual(event.total);
  }
  const said = events.filter(({type}) => type === 'text' || type === 'reasoning' || type === 'tool_call').length;
  if (said === 0) return;
  if (reason !== 'aborted') expect(usage.promptTokens).toBeGreaterThan(0);
  expect(usage.completionTokens).toBeGreaterThan(0);
  expect(timings.firstTokenMs).toBeGreaterThanOrEqual(0);
  expect(timings.generationMs).toBeGreaterThanOrEqual(0);
}
