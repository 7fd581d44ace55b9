// The line below an answer, and what is shown when there is none: figures, the reason of the end, errors.

import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import type {Finish} from '../../engine/conversation/last-turn.ts';
import {BLANK, joinRows, paint, type Row, rowTexts, type Theme} from '../markdown/style.ts';

/**
 * The line below an answer: how much, how fast, and why it ended; `length` and a full context are never unnoticed.
 * `continuable` = the conversation ends with words of the model.
 */
export function endRow(finish: Finish, theme: Theme, continuable: boolean): Row {
  const {usage, timings} = finish;
  const dot = ` ${theme.dot} `;
  const facts = [
    `${usage.completionTokens} tok`,
    ...(usage.reasoningTokens === undefined ? [] : [thoughtText(finish)]),
    ...(timings.tokensPerSecond === undefined ? [] : [`${timings.tokensPerSecond.toFixed(1)} tok/s`]),
    ...(timings.firstTokenMs === undefined ? [] : [`first ${(timings.firstTokenMs / 1000).toFixed(2)} s`]),
  ];
  const reason = reasonText(finish, continuable);
  const notable = finish.reason === 'length' || finish.reason === 'context';
  return joinRows([paint(facts.join(dot) + dot, theme.dim), paint(reason, notable ? theme.warning : theme.dim)]);
}

/** What of it was a thought. */
function thoughtText({usage, thinkingCut}: Finish): string {
  return `${usage.reasoningTokens} of them a thought${thinkingCut ? ', ended by its budget' : ''}`;
}

function reasonText({reason, stop}: Finish, continuable: boolean): string {
  switch (reason) {
    case 'stop':
      return stop === undefined ? 'stop: end of answer' : `stop: ${JSON.stringify(stop)}`;
    case 'length':
      return 'stop: length, the answer is cut at max_tokens (/continue goes on)';
    case 'context':
      return 'stop: the context is full (/undo, /clear, or restart with a larger --ctx)';
    case 'tool_calls':
      return 'stop: the model keeps calling tools (say how to go on)';
    case 'aborted':
      return `stop: by you (${continuable ? '/continue goes on' : '/regen answers'})`;
  }
}

/** A failure: what happened, and what to do next. */
export function errorRows(error: unknown, theme: Theme): Row[] {
  const [first = '', ...more] = rowTexts(reasonOf(error));
  const hints = error instanceof EngineError && error.hint !== undefined ? rowTexts(`  try  ${error.hint}`) : [];
  return [
    joinRows([paint('error', theme.error), paint(`  ${first}`, '')]),
    ...more.map((line) => paint(line, '')),
    ...hints.map((line) => paint(line, theme.dim)),
    BLANK,
  ];
}
