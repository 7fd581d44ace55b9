import {expect, test} from 'vitest';
import type {ConversationEvent} from '../../../src/engine/conversation/conversation.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {AnswerView} from '../../../src/ui/screen/answer-view.ts';

const theme = createTheme({color: false, unicode: true, hyperlinks: false});
const bare = (rows: readonly string[]) => rows.map((row) => row.replaceAll(/\x1b\[[\d;]*m/g, ''));

function view(showThoughts = false): {view: AnswerView; tick: (ms: number) => void} {
  let now = 0;
  const made = new AnswerView(40, theme, {highlight: () => undefined, showThoughts, now: () => now});
  return {
    view: made,
    tick: (ms) => {
      now += ms;
    },
  };
}

const finish: ConversationEvent & {type: 'finish'} = {
  type: 'finish',
  reason: 'stop',
  usage: {promptTokens: 10, cachedTokens: 4, completionTokens: 212},
  timings: {firstTokenMs: 380, promptMs: 370, generationMs: 5000, promptTokensPerSecond: 20, tokensPerSecond: 41.84},
  seed: 1,
};

test('a thought is folded into one line when it ends, and kept', () => {
  const {view: answer, tick} = view();
  answer.take({type: 'reasoning', text: 'let me **see**'});
  expect(bare(answer.flush())).toEqual([]);
  expect(bare(answer.tail(8))).toEqual(['let me see']);
  expect(answer.phase.kind).toBe('thinking');
  tick(2500);
  answer.take({type: 'text', text: '\n\nDone.\n'});
  answer.take(finish);
  expect(bare(answer.flush())).toEqual(['thought for 2.5 s · 3 words · Ctrl+O shows it', 'Done.']);
});

test('a thought can be shown', () => {
  const {view: answer} = view(true);
  answer.take({type: 'reasoning', text: 'hm'});
  answer.take(finish);
  expect(bare(answer.flush())).toEqual(['hm']);
});

test('tool calls and their results are one line each, cut to the width, without control characters', () => {
  const {view: answer} = view();
  const call = {id: 'abcdefghi', name: 'weather', arguments: '{"city":\n"Paris\x1b]0;x\x07"}'};
  answer.take({type: 'tool_call', call});
  answer.take({type: 'tool_result', call, content: `${'sunny\n'.repeat(20)}`, failed: false});
  expect(bare(answer.flush())).toEqual([
    'call weather {"city": "Paris]0;x"}',
    'result sunny sunny sunny sunny sunny su…',
  ]);
});

test('what the model does not see any more is one row above the answer, without control characters', () => {
  const {view: answer} = view();
  const context = {type: 'context', policy: 'trim', droppedTurns: 2, droppedMessages: 4, isFurther: false} as const;
  answer.take({...context, shortened: [{tool: 'look\x1b[2J', characters: 3200}]});
  answer.take({type: 'text', text: 'Hi'});
  answer.take(finish);
  expect(bare(answer.flush())).toEqual([
    'The 2 oldest turns no longer fit and the model does not see them (/compact sums up instead).',
    'The result of look[2J does not fit: the model does not see 3,200 characters of its middle.',
    'Hi',
  ]);
});

test('model output cannot drive the terminal', () => {
  const {view: answer} = view();
  answer.take({type: 'text', text: 'a\x1b[2Jb\x1b]52;c;aGk=\x07\u202ec\u009b1m'});
  answer.take(finish);
  expect(bare(answer.flush())).toEqual(['a[2Jb]52;c;aGk=c1m']);
});

test('the status counts tokens and their rate', () => {
  const {view: answer, tick} = view();
  for (let index = 0; index < 11; index += 1) {
    answer.take({type: 'text', text: 'x '});
    tick(100);
  }
  expect(answer.phase).toEqual({kind: 'generating', tokens: 11, tokensPerSecond: 10});
});
