// What becomes of a chat that grows beyond its context: the policies, and the event that tells of what was done.

/** `trim`: the oldest turns are left out; `summarise`: a summary stands for them; `stop`: the chat is refused. */
export type ContextPolicy = 'trim' | 'stop' | 'summarise';

export const CONTEXT_POLICIES: readonly ContextPolicy[] = ['trim', 'stop', 'summarise'];

/** What the model no longer sees from this answer on. It comes before the answer's first event. */
export interface ContextEvent {
  readonly type: 'context';
  readonly policy: ContextPolicy;
  /** Left out with this answer, and not counted again with later ones. */
  readonly droppedTurns: number;
  readonly droppedMessages: number;
  /** Other turns had been left out before. */
  readonly isFurther: boolean;
  /** Results of tools that did not fit: how many characters of their middle are left out. */
  readonly shortened: readonly {readonly tool: string; readonly characters: number}[];
  /** The turns that a summary stands for from now on, and its length. */
  readonly summary?: {readonly turns: number; readonly tokens: number};
  /** Why there is no summary: from now on the oldest turns are left out. */
  readonly summaryProblem?: string;
}
