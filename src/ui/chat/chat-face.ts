// What a chat needs of the face around it, and the events by which the face learns what there is to show.

import type {ModelInfo} from '../../engine/contract/backend.ts';
import type {Message} from '../../engine/contract/requests.ts';
import type {ConversationEvent} from '../../engine/conversation/conversation.ts';
import type {Finish} from '../../engine/conversation/last-turn.ts';
import type {Row} from '../markdown/style.ts';
import type {Picker} from './picker.ts';

/**
 * What happens in a chat, in the order in which a person should see it. Texts may hold
 * what drives a terminal: the face cleans them, as it makes rows of them or writes them.
 */
export type ChatEvent =
  /** How much of the model is loaded, 0 to 1. */
  | {readonly type: 'loading'; readonly fraction: number}
  | {readonly type: 'ready'; readonly model: ModelInfo}
  /** A message to the person, such as what a command has done. */
  | {readonly type: 'note'; readonly text: string}
  /** A message about something that went wrong, with which the chat goes on. */
  | {readonly type: 'warning'; readonly text: string}
  /** Rows that are made for the face's columns and theme. */
  | {readonly type: 'rows'; readonly rows: readonly Row[]}
  /** A command failed, or a message could not be sent. */
  | {readonly type: 'error'; readonly error: unknown}
  /** The person's message, as it stood in the prompt, is taken up. */
  | {readonly type: 'said'; readonly text: string}
  /** The conversation became another one: its messages, of which the last ones are shown again. */
  | {readonly type: 'recall'; readonly messages: readonly Message[]}
  /** A turn of the model begins; `event` follows for each of its events, then `end`. */
  | {readonly type: 'begin'}
  | {readonly type: 'event'; readonly event: ConversationEvent}
  /** The turn is over: with `finish` when an answer ended, with `error` when it failed. */
  | {readonly type: 'end'; readonly finish: Finish | undefined; readonly error: unknown}
  /** What a tool does at the moment; undefined when none runs. */
  | {readonly type: 'activity'; readonly text: string | undefined};

export interface ChatFace {
  /** Cells a row may take. */
  readonly columns: number;
  /** A prompt into which a text can be put, to be changed and sent; undefined where there is none. */
  readonly prompt: ChatPrompt | undefined;
  show(event: ChatEvent): void;
  /** Lets the person choose; undefined when they would not. */
  pick(picker: Picker): Promise<number | undefined>;
  /** Gives the terminal away while something else runs on it. */
  away<T>(run: () => Promise<T>): Promise<T>;
  /** Copies a text to the clipboard of the person's terminal; false when it cannot. */
  copy(text: string): boolean;
}

export interface ChatPrompt {
  readonly isEmpty: boolean;
  /** Replaces what stands in the prompt. */
  write(text: string): void;
}
