import {expect, test} from 'vitest';
import {promptText} from '../../../src/serve/reply/token-ids.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {promptOf} from '../../fixtures/media-prompt.ts';

test('the text of a prompt leaves its media out', () => {
  const tokenizer = toyTokenizer();
  const [a, b] = tokenizer.encode('ab') as [number, number];
  expect(promptText(promptOf(1, 3, a, ['cat', 2], b, 4).tokens, tokenizer)).toBe('<s>[INST]ab[/INST]');
});
