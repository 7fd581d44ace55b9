// What a chat at a terminal is started with, whichever face it has.
import type {Backend, ModelInfo} from '../../engine/contract/backend.ts';
import type {Content} from '../../engine/contract/requests.ts';
import type {SamplingChoice} from '../../engine/contract/sampling.ts';
import type {ContextPolicy} from '../../engine/conversation/context/context-policy.ts';
import type {Session} from '../../engine/conversation/session.ts';
import type {SessionFolder} from '../../engine/conversation/session-folder.ts';
import type {ToolSource} from '../../engine/mcp/tool-source.ts';
import type {Theme} from '../markdown/style.ts';
import type {StatsLevel} from '../rows/end-row.ts';
import type {OtherModels} from './chat-context.ts';
import type {NotifyChoice} from './notify-choice.ts';
import type {GivenTools} from './open-conversation.ts';
import type {ShellHost} from './shell-access.ts';
import type {ToolHost} from './tool-registry.ts';

/** What a chat needs of the machine; the commands own the real one. */
export interface ChatHost {
  readonly cwd: string;
  /** The person's home folder. */
  readonly home: string;
  /** Monotonic, in milliseconds. */
  now(): number;
}

/** What becomes of thoughts; both absent: folded, and told to the model again. */
export interface ThoughtChoice {
  readonly show?: boolean;
  readonly drop?: boolean;
}

export interface ChatOptions {
  readonly host: ChatHost;
  /**
   * Loads the model; messages sent meanwhile wait for it. `note` shows a line to the person, `onProgress` how much is
   * loaded, 0 to 1.
   */
  readonly open: (note: (text: string) => void, onProgress: (fraction: number) => void) => Promise<Backend>;
  readonly sampling: SamplingChoice;
  readonly thoughts?: ThoughtChoice;
  /** What becomes of the chat when it no longer fits the context. Default `trim`. */
  readonly contextPolicy?: ContextPolicy;
  /** Default `off`. */
  readonly stats?: StatsLevel;
  /** Default `auto`. */
  readonly notify?: NotifyChoice;
  /** The system prompt for the model that was opened. @throws EngineError `usage` where the model has none to give */
  readonly system?: (model: ModelInfo) => Content;
  readonly theme: Theme;
  /** Where this chat is kept; one with messages is resumed. */
  readonly session: Session;
  /** All kept chats; absent when this one is not to be kept. */
  readonly sessions?: SessionFolder;
  readonly toolHost: ToolHost;
  readonly tools?: GivenTools;
  /** Tools of servers, beside those. */
  readonly toolSource?: ToolSource | undefined;
  /** Absent: the chat stays with its model. */
  readonly models?: OtherModels;
  /** Runs the person's own commands; absent: they are off. */
  readonly shell?: ShellHost;
}
