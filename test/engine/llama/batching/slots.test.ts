import {describe, expect, test} from 'vitest';
import {RunningAnswer} from '../../../../src/engine/llama/batching/running-answer.ts';
import {type CacheSlot, Slots} from '../../../../src/engine/llama/batching/slots.ts';
import {FakeNativeContext} from '../../../fakes/native-context.ts';
import {medium, promptOf} from '../../../fixtures/media-prompt.ts';

/** Slots whose KV caches hold these prompts. */
function slotsWith(...prompts: readonly ReturnType<typeof promptOf>[]): Slots {
  const context = new FakeNativeContext();
  const slots = new Slots(context.native(), prompts.length, false);
  for (const [nth, prompt] of prompts.entries()) {
    slots.fill(slots.all[nth] as CacheSlot, prompt);
    context.sequences.set(nth, [...prompt.tokens]);
  }
  return slots;
}

const numbers = (length: number, from: number) => promptOf(...Array.from({length}, (_, at) => from + at));

describe('Slots', () => {
  test('a prompt goes where more of it is than would be lost', () => {
    const slots = slotsWith(numbers(10, 100), numbers(10, 200));
    expect(slots.choose(promptOf(...numbers(5, 200).tokens, 9, 9, 9, 9, 9))?.sequence).toBe(1);
    // Four of ten: the one that was not used for longest is taken instead.
    expect(slots.choose(promptOf(...numbers(4, 200).tokens, 9, 9, 9, 9, 9, 9))?.sequence).toBe(0);
    expect(slots.choose(numbers(3, 200))?.sequence).toBe(1);
  });

  test('of equal ones the least recently used is taken, and none that works', async () => {
    const slots = slotsWith(promptOf(), promptOf());
    const [first, second] = slots.all as [CacheSlot, CacheSlot];
    await slots.reuse(first, promptOf(7));
    expect(slots.choose(promptOf(8))).toBe(second);
    second.job = new RunningAnswer(promptOf(8), {sampling: {temperature: 0}}, () => {});
    expect(slots.choose(promptOf(8))).toBe(first);
    first.job = second.job;
    expect(slots.choose(promptOf(8))).toBeUndefined();
  });

  test('the one used last is the one that is saved, if it holds anything', async () => {
    const slots = slotsWith(promptOf(1, 2), promptOf(3, 4), promptOf());
    const [first, , third] = slots.all as [CacheSlot, CacheSlot, CacheSlot];
    await slots.reuse(first, promptOf(1, 2, 5));
    await slots.reuse(third, promptOf(9));
    expect(slots.lastUsed()).toBe(first);
    expect(slotsWith(promptOf()).lastUsed()).toBeUndefined();
  });

  test('the last token is evaluated again, also when all of the prompt is there', async () => {
    const slots = slotsWith(promptOf(1, 2, 3));
    const [slot] = slots.all as [CacheSlot];
    expect(await slots.reuse(slot, promptOf(1, 2, 3))).toBe(2);
    expect(slot.tokens).toEqual([1, 2]);
  });

  test('a memory that cannot be cut starts over where there is no checkpoint', async () => {
    const {slots, slot, context} = recurrent();
    await feed(slots, context, slot, [1, 2, 3]);
    expect(await slots.reuse(slot, promptOf(1, 9))).toBe(0);
    expect(slot.tokens).toEqual([]);
    expect(context.sequences.has(0)).toBe(false);
  });

  test('a recurrent memory goes back to the newest checkpoint inside what is shared; later ones are freed', async () => {
    const {slots, slot, context} = recurrent();
    for (const tokens of [
      [1, 2],
      [3, 4],
      [5, 6],
    ])
      await feed(slots, context, slot, tokens, true);
    expect(await slots.reuse(slot, promptOf(1, 2, 3, 4, 5, 9))).toBe(4);
    expect(slot.tokens).toEqual([1, 2, 3, 4]);
    expect(context.sequences.get(0)).toEqual([1, 2, 3, 4]);
    expect(context.disposed).toBe(1);
    expect(slot.checkpoints.map(({length}) => length)).toEqual([2, 4]);
  });

  test('the newest four checkpoints are kept, and all are freed with the slot', async () => {
    const {slots, slot, context} = recurrent();
    for (let token = 1; token <= 6; token++) await feed(slots, context, slot, [token], true);
    expect(slot.checkpoints.map(({length}) => length)).toEqual([3, 4, 5, 6]);
    expect(context.disposed).toBe(2);
    slots.clear(slot);
    expect(context.disposed).toBe(6);
    expect(slot.checkpoints).toEqual([]);
  });

  test('only a recurrent memory needs a stop for a checkpoint: before the last token', () => {
    expect(recurrent().slots.checkpointAt(5)).toBe(4);
    expect(recurrent().slots.checkpointAt(2)).toBe(1);
    expect(recurrent().slots.checkpointAt(1)).toBeUndefined();
    expect(slotsWith(promptOf()).checkpointAt(5)).toBeUndefined();
  });
});

function recurrent() {
  const context = new FakeNativeContext();
  context.canCut = false;
  const slots = new Slots(context.native(), 1, true);
  return {context, slots, slot: slots.all[0] as CacheSlot};
}

/** Puts tokens behind what the slot holds, and takes a checkpoint there. */
async function feed(slots: Slots, context: FakeNativeContext, slot: CacheSlot, tokens: number[], checkpoint = false) {
  slot.tokens.push(...tokens);
  context.sequences.set(slot.sequence, [...slot.tokens]);
  if (checkpoint) await slots.takeCheckpoint(slot);
}

describe('Slots with media', () => {
  test('a prompt goes to the slot that holds its picture, not to one with another of the same size', () => {
    const slots = slotsWith(promptOf(1, ['dog', 4], 5), promptOf(1, ['cat', 4], 6));
    expect(slots.choose(promptOf(1, ['cat', 4], 7))?.sequence).toBe(1);
  });

  test('what is reused ends before the picture that differs, and the slot forgets it', async () => {
    const slots = slotsWith(promptOf(1, 2, ['dog', 4], 5));
    const [slot] = slots.all as [CacheSlot];
    expect(await slots.reuse(slot, promptOf(1, 2, ['cat', 4], 5))).toBe(2);
    expect({tokens: slot.tokens, media: slot.media}).toEqual({tokens: [1, 2], media: []});
  });

  test('a picture at the end is evaluated again as a whole: only that gives logits', async () => {
    const slots = slotsWith(promptOf(1, 2, ['cat', 4]));
    const [slot] = slots.all as [CacheSlot];
    expect(await slots.reuse(slot, promptOf(1, 2, ['cat', 4]))).toBe(2);
  });

  test('a picture in front of the question stays', async () => {
    const slots = slotsWith(promptOf(1, ['cat', 4], 5, 6));
    const [slot] = slots.all as [CacheSlot];
    expect(await slots.reuse(slot, promptOf(1, ['cat', 4], 7))).toBe(5);
    expect(slot.media).toEqual([{at: 1, length: 4, medium: medium('cat')}]);
  });

  test('a slot holds a picture once its last place is evaluated', () => {
    const slots = slotsWith(promptOf());
    const [slot] = slots.all as [CacheSlot];
    const job = new RunningAnswer(promptOf(1, ['cat', 2], 5), {sampling: {temperature: 0}}, () => {});
    job.pending = job.prompt.tokens;
    slots.extend(slot, job, 2);
    expect(slot.media).toEqual([]);
    job.pending = job.pending.slice(2);
    slots.extend(slot, job, 2);
    expect(slot.tokens).toEqual([1, -1, -1, 5]);
    expect(slot.media).toEqual([{at: 1, length: 2, medium: medium('cat')}]);
  });
});

describe('Slots of several owners', () => {
  const prompt = numbers(10, 100);
  test('nobody is given what another has left, and nothing tells of it', async () => {
    const slots = slotsWith(promptOf());
    const [slot] = slots.all as [CacheSlot];
    expect(await slots.reuse(slot, prompt, 'alice')).toBe(0);
    slot.tokens.push(...prompt.tokens);
    expect(slots.choose(prompt, 'bob')).toBe(slot);
    expect(await slots.reuse(slot, prompt, 'bob')).toBe(0);
    expect(slot.tokens).toEqual([]);
    slot.tokens.push(...prompt.tokens);
    expect(await slots.reuse(slot, prompt, undefined)).toBe(0);
    slot.tokens.push(...prompt.tokens);
    expect(await slots.reuse(slot, prompt, undefined)).toBe(9);
  });

  test('an owner finds the own prefix, then an empty slot, then the own oldest, then the oldest', async () => {
    const slots = slotsWith(promptOf(), promptOf(), promptOf());
    const [first, second, third] = slots.all as [CacheSlot, CacheSlot, CacheSlot];
    for (const [slot, owner] of [
      [first, 'bob'],
      [second, 'alice'],
    ] as const) {
      await slots.reuse(slot, prompt, owner);
      slot.tokens.push(...prompt.tokens);
    }
    expect(slots.choose(prompt, 'alice')).toBe(second);
    expect(slots.choose(numbers(10, 200), 'alice')).toBe(third);
    await slots.reuse(third, prompt, 'carol');
    third.tokens.push(...prompt.tokens);
    expect(slots.choose(numbers(10, 200), 'alice')).toBe(second);
    expect(slots.choose(prompt, 'dave')).toBe(first);
  });
});
