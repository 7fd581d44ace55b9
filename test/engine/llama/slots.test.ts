import {describe, expect, test} from 'vitest';
import {Job} from '../../../src/engine/llama/running-answer.ts';
import {type Slot, Slots} from '../../../src/engine/llama/slots.ts';
import {FakeNativeContext} from '../../fakes/native-context.ts';
import {medium, promptOf} from '../../fixtures/media-prompt.ts';

/** Slots whose KV caches hold these prompts. */
function slotsWith(...prompts: readonly ReturnType<typeof promptOf>[]): Slots {
  const context = new FakeNativeContext();
  const slots = new Slots(context.native(), prompts.length, false);
  for (const [nth, prompt] of prompts.entries()) {
    slots.fill(slots.all[nth] as Slot, prompt);
    context.sequences.set(nth, [...prompt.tokens]);
  }
  return slots;
}

describe('Slots with media', () => {
  test('a prompt goes to the slot that holds its picture, not to one with another of the same size', () => {
    const slots = slotsWith(promptOf(1, ['dog', 4], 5), promptOf(1, ['cat', 4], 6));
    expect(slots.choose(promptOf(1, ['cat', 4], 7))?.sequence).toBe(1);
  });

  test('what is reused ends before the picture that differs, and the slot forgets it', async () => {
    const slots = slotsWith(promptOf(1, 2, ['dog', 4], 5));
    const [slot] = slots.all as [Slot];
    expect(await slots.reuse(slot, promptOf(1, 2, ['cat', 4], 5))).toBe(2);
    expect({tokens: slot.tokens, media: slot.media}).toEqual({tokens: [1, 2], media: []});
  });

  test('a picture at the end is evaluated again as a whole: only that gives logits', async () => {
    const slots = slotsWith(promptOf(1, 2, ['cat', 4]));
    const [slot] = slots.all as [Slot];
    expect(await slots.reuse(slot, promptOf(1, 2, ['cat', 4]))).toBe(2);
  });

  test('a picture in front of the question stays', async () => {
    const slots = slotsWith(promptOf(1, ['cat', 4], 5, 6));
    const [slot] = slots.all as [Slot];
    expect(await slots.reuse(slot, promptOf(1, ['cat', 4], 7))).toBe(5);
    expect(slot.media).toEqual([{at: 1, length: 4, medium: medium('cat')}]);
  });

  test('a slot holds a picture once its last place is evaluated', () => {
    const slots = slotsWith(promptOf());
    const [slot] = slots.all as [Slot];
    const job = new Job(promptOf(1, ['cat', 2], 5), {sampling: {temperature: 0}}, () => {});
    job.pending = job.prompt.tokens;
    slots.extend(slot, job, 2);
    expect(slot.media).toEqual([]);
    job.pending = job.pending.slice(2);
    slots.extend(slot, job, 2);
    expect(slot.tokens).toEqual([1, -1, -1, 5]);
    expect(slot.media).toEqual([{at: 1, length: 2, medium: medium('cat')}]);
  });
});
