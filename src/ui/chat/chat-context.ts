// What a slash command can see and do: the conversation, and the few services of the face around it.

import type {Backend} from '../../engine/contract/backend.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import type {ContextPolicy} from '../../engine/conversation/context/context-policy.ts';
import type {Conversation, ConversationEvent} from '../../engine/conversation/conversation.ts';
import type {TurnRecord} from '../../engine/conversation/last-turn.ts';
import type {Session} from '../../engine/conversation/session.ts';
import type {SessionFolder} from '../../engine/conversation/session-folder.ts';
import type {Row, Theme} from '../markdown/style.ts';
import type {StatsLevel} from '../rows/end-row.ts';
import type {ChatPrompt} from './chat-face.ts';
import type {NotifyChoice} from './notify-choice.ts';
import type {Item, Picker} from './picker.ts';
import type {ShellHost} from './shell-access.ts';
import type {ToolRegistry} from './tool-registry.ts';

/** A turn of the model: how it is asked for. */
export type Ask = (signal: AbortSignal) => AsyncIterable<ConversationEvent>;

/** What goes with every request; commands change it. */
export interface Settings {
  sampling: SamplingParams;
  /** Undefined: what the model does by itself. */
  reasoningEffort?: string | undefined;
  showThoughts: boolean;
  /** The thoughts of earlier answers are not told to the model again. */
  dropThoughts: boolean;
  /** What becomes of the chat when it no longer fits the context. */
  contextPolicy: ContextPolicy;
  /** Without a screen: the person has agreed to commands of the shell. */
  runsShell?: boolean;
  /** What is said about an answer that ended. */
  stats: StatsLevel;
  /** How the person is told of what they wait for. */
  notify: NotifyChoice;
  /** Ask for the certainty of each token, for /heat and /alt. */
  certainty: boolean;
}

/** Models a chat can go on with. */
export interface OtherModels {
  /** Their names, with what is known of them. */
  list(): Promise<readonly Item[]>;
  /** Opens one; `note` shows a line, `onProgress` how much is loaded, 0 to 1. @throws EngineError when it cannot be opened */
  open(name: string, note: (text: string) => void, onProgress: (fraction: number) => void): Promise<Backend>;
}

export interface ChatContext {
  readonly backend: Backend;
  readonly conversation: Conversation;
  readonly settings: Settings;
  readonly tools: ToolRegistry;
  /** Where this chat is kept. */
  readonly session: Session;
  /** All kept chats; undefined when this one is not to be kept. */
  readonly sessions: SessionFolder | undefined;
  readonly theme: Theme;
  /** Cells a row may take. */
  readonly columns: number;
  /** The last turn: its end, its prompt, the certainty of its tokens. */
  readonly last: TurnRecord;
  /** Puts rows into the scrollback. */
  print(...rows: Row[]): void;
  /** Says what is being done; undefined when it is over. */
  working(text: string | undefined): void;
  /** A message to the person, such as what a command has done. */
  note(text: string): void;
  /** Prints the last messages of the conversation, after it became another one. */
  recall(): void;
  /** Goes on with another kept chat. */
  open(session: Session): void;
  /** Has the model answer in the conversation; resolves when the answer has ended, however it ended. */
  answer(ask: Ask): Promise<void>;
  /** The same for an answer that becomes no message of the conversation. */
  aside(ask: Ask): Promise<void>;
  /** Lets the person choose; undefined when they would not. */
  pick(picker: Picker): Promise<number | undefined>;
  /** What only a screen has: a prompt into which a text can be put, to be changed and sent. */
  readonly prompt: ChatPrompt | undefined;
  /** The paste, thought or result of a tool of which one row was shown last; empty when there was none. */
  readonly collapsed: string;
  /** Copies a text to the clipboard of the person's terminal; false when it cannot. */
  copy(text: string): boolean;
  /** Resolves a path as the person means it: relative to the working folder, `~` for home. */
  path(name: string): string;
  leave(): void;
  /** The other models that can answer; undefined where this chat stays with its own. */
  readonly models: OtherModels | undefined;
  /** Has another model answer from now on, and closes the one before. */
  goOnWith(backend: Backend): Promise<void>;
  /** Runs the person's own commands; undefined where they are off. */
  readonly shell: ShellHost | undefined;
  /** Gives the terminal away while something else runs on it. */
  away<T>(run: () => Promise<T>): Promise<T>;
}

/** The parts of the short /help, in its order. */
export const COMMAND_GROUPS = ['talk', 'chats', 'model', 'look'] as const;

export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** One row of the table of commands. */
export interface SlashCommand {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** How its arguments are written, for /help. Without it the command takes none and refuses any. */
  readonly usage?: string;
  readonly help: string;
  /** The same in at most 45 cells, for the short /help. */
  readonly brief?: string;
  /** Of one that takes no argument: what to do instead of giving it one. */
  readonly argumentHint?: string;
  /** Where the short /help has it; absent: only `/help all` has it. */
  readonly group?: CommandGroup;
  /** It neither needs the model nor changes the conversation: it runs at once, also while an answer streams. */
  readonly anytime?: boolean;
  /** It needs a screen: what to do where there is none. */
  readonly withoutScreen?: string;
  run(chat: ChatContext, argument: string): void | Promise<void>;
}
