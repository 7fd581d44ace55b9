import {expect, test} from 'vitest';
import {TokenSampler} from '../../../src/engine/llama/token-sampler.ts';
import {FakeNativeContext} from '../../fakes/native-context.ts';
import {promptOf} from '../../fixtures/media-prompt.ts';

test('the repeat penalty looks at the last 64 tokens and skips the places of media', async () => {
  const context = new FakeNativeContext();
  const {tokens} = promptOf(7, 8, ['cat', 100], 9);
  const sampler = new TokenSampler(context.native(), {temperature: 0, repeatPenalty: 1.1}, tokens);
  context.initBatch(1);
  context.addToBatch(0, 0, Uint32Array.of(1), Uint32Array.of(0));
  await sampler.sample(0);
  expect(context.configs[0]?.repeatPenaltyTokens).toEqual(Uint32Array.of(7, 8, 9));
});
