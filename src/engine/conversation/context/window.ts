// The part of a chat that its model is told: where it begins, and the summary that stands for what is before.
import type {Message} from '../../contract/requests.ts';
import {systemLength} from './cut-turns.ts';

export interface Window {
  /** Messages behind the system prompt that the model is not told. */
  readonly left: number;
  /** The request for a summary and the answer to it, which are told in their place. */
  readonly summary?: readonly Message[];
}

/** The messages that a window shows; all of them without one. The system prompt is always told. */
export function windowed(messages: readonly Message[], {left, summary = []}: Window = {left: 0}): Message[] {
  const system = systemLength(messages);
  return [...messages.slice(0, system), ...summary, ...messages.slice(system + left)];
}

/** Where the messages begin that are told word for word. */
export const windowStart = (messages: readonly Message[], {left}: Window = {left: 0}): number =>
  systemLength(messages) + left;

/** Both tell the same. */
export function sameWindow(a: Window = {left: 0}, b: Window = {left: 0}): boolean {
  return a.left === b.left && textOf(a) === textOf(b);
}

const textOf = ({summary = []}: Window): string => JSON.stringify(summary.map(({content}) => content));
