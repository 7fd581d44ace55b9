import {expect, test} from 'vitest';
import {commandItems} from '../../../../src/ui/chat/slash/all-commands.ts';
import {changeSampling, samplingList} from '../../../../src/ui/chat/slash/change-sampling.ts';

const start = {temperature: 0.7, topK: 40, logitBias: new Map([[5, -100]]), stop: ['END']};

test.each([
  ['num_predict', '64', {...start, maxTokens: 64}, 'max_tokens = 64'],
  ['temp', '1e1', {...start, temperature: 10}, 'temperature = 10'],
  ['top_k', 'off', {temperature: 0.7, logitBias: start.logitBias, stop: ['END']}, 'top_k is off'],
  ['no_repeat_ngram_size', '3', {...start, noRepeatNgramSize: 3}, 'no_repeat_ngram_size = 3'],
  [
    'logit_bias',
    '6=1.5',
    {
      ...start,
      logitBias: new Map([
        [5, -100],
        [6, 1.5],
      ]),
    },
    'logit_bias: 5=-100 6=1.5',
  ],
  ['logit_bias', '5=2', {...start, logitBias: new Map([[5, 2]])}, 'logit_bias: 5=2'],
  ['logit_bias', 'off', {temperature: 0.7, topK: 40, stop: ['END']}, 'logit_bias is off'],
  ['stop', 'a\\nb', {...start, stop: ['a\nb']}, 'stop: "a\\nb"'],
  ['stop', 'off', {temperature: 0.7, topK: 40, logitBias: start.logitBias}, 'no stop strings'],
])('/set %s %s', (name, value, sampling, note) => {
  expect(changeSampling(start, name, value)).toEqual({sampling, note});
});

test.each([
  ['temperature', 'off', 'temperature is a number from 0 to 100, not off'],
  ['logit_bias', '5', 'logit_bias is a token id and a number from -100 to 100, such as 5=-100, not 5'],
  ['logit_bias', '5=', 'logit_bias is a token id and a number from -100 to 100, such as 5=-100, not 5='],
  ['logit_bias', '=5', 'logit_bias is a token id and a number from -100 to 100, such as 5=-100, not =5'],
  ['logit_bias', '5=-101', 'logit_bias is a token id and a number from -100 to 100, such as 5=-100, not 5=-101'],
  ['mirostat', '2', 'there is no setting mirostat'],
  ['constructor', '2', 'there is no setting constructor'],
])('/set %s %s is refused', (name, value, message) => {
  expect(() => changeSampling(start, name, value)).toThrow(expect.objectContaining({code: 'usage', message}));
});

test('the list has every parameter with its value', () => {
  const rows = samplingList({...start, repeatPenalty: 1.1}).split('\n');
  expect(rows).toContain('temperature          0.7        0 = always the likeliest token');
  expect(rows).toContain('repeat_penalty       1.1        divide the logits of seen tokens by x (1 = off)');
  expect(rows).toContain("logit_bias           5=-100     ID=X adds x to a token's logit");
  expect(rows).toContain('stop                 ["END"]    stop before this text');
  expect(rows).toContain('min_p                off        tokens at least this likely, relative to the best');
});

test('/help names all of them', () => {
  const {detail} = commandItems().find(({label}) => label === '/set') ?? {};
  expect(detail).toBe(
    '[NAME VALUE]  show or change max_tokens, thinking_budget, temperature, top_p, top_k, min_p, seed, ' +
      'repeat_penalty, repeat_last_n, ' +
      'frequency_penalty, presence_penalty, no_repeat_ngram_size, logit_bias, stop, think, context, stats, notify (off = default)',
  );
});
