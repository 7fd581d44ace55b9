// What a person reads when a chat has grown beyond its context: one sentence for each thing that was done.
import type {ContextEvent} from '../../engine/conversation/context/context-policy.ts';

/** Whole sentences, for a chat at a terminal, where there are commands. */
export function contextSentences(event: ContextEvent): readonly string[] {
  return sentences(event, {
    fit: '',
    instead: ' (/compact sums up instead)',
    after: 'from now on the oldest turns are left out (/compact tries again)',
  }).map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

/** Notes for a pipe. */
export function contextNotes(event: ContextEvent, contextSize: number | undefined): readonly string[] {
  const size = contextSize === undefined ? 'the context' : `the context of ${number(contextSize)} tokens`;
  return sentences(event, {
    fit: ` ${size}`,
    instead: event.policy === 'summarise' ? '' : '; --context-policy stop ends instead',
    after: 'from now on the oldest turns are left out',
  }).map((text) => `note: ${text}`);
}

function sentences(
  event: ContextEvent,
  words: {readonly fit: string; readonly instead: string; readonly after: string},
): string[] {
  const {summary, summaryProblem, shortened} = event;
  return [
    ...(summary === undefined ? [] : [`${oldest(event, summary.turns)} summed up in ${number(summary.tokens)} tokens`]),
    ...(summaryProblem === undefined ? [] : [`the chat could not be summed up: ${summaryProblem}; ${words.after}`]),
    ...(event.droppedTurns === 0 ? [] : [droppedText(event, words)]),
    ...shortened.map(
      ({tool, characters}) =>
        `the result of ${tool} does not fit${words.fit}: the model does not see ${number(characters)} characters of its middle`,
    ),
  ];
}

function oldest({isFurther}: ContextEvent, turns: number): string {
  if (isFurther) return turns === 1 ? '1 more turn is' : `${number(turns)} more turns are`;
  return turns === 1 ? 'the oldest turn is' : `the ${number(turns)} oldest turns are`;
}

function droppedText({droppedTurns, isFurther}: ContextEvent, {fit, instead}: {fit: string; instead: string}): string {
  const which = isFurther
    ? `${number(droppedTurns)} more ${droppedTurns === 1 ? 'turn' : 'turns'}`
    : droppedTurns === 1
      ? 'the oldest turn'
      : `the ${number(droppedTurns)} oldest turns`;
  // What else could be done is said once.
  const other = isFurther ? '' : instead;
  const [verb, object] = droppedTurns === 1 ? ['no longer fits', 'it'] : ['no longer fit', 'them'];
  return fit === ''
    ? `${which} ${verb} and the model does not see ${object}${other}`
    : `${which} ${verb}${fit}${other}`;
}

const number = (value: number): string => value.toLocaleString('en-US');
