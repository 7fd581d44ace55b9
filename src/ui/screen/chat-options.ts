// What a chat on a terminal is started with.
import type {Backend} from '../../engine/contract/backend.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import type {Session} from '../../engine/conversation/session.ts';
import type {SessionFolder} from '../../engine/conversation/session-folder.ts';
import type {GivenTools} from '../chat/open-conversation.ts';
import type {ToolHost} from '../chat/tool-registry.ts';
import type {Theme} from '../markdown/style.ts';
import type {History} from '../prompt/input-history.ts';
import type {Host} from './draw/terminal.ts';

export interface ChatOptions {
  readonly host: Host;
  /**
   * Loads the model, once the first frame is shown; messages typed meanwhile wait for it. `note` shows a line to the
   * person, `onProgress` how much is loaded, 0 to 1.
   */
  readonly open: (note: (text: string) => void, onProgress: (fraction: number) => void) => Promise<Backend>;
  readonly sampling: SamplingParams;
  readonly system?: string;
  /** The first line, above everything. */
  readonly banner: string;
  readonly history: History;
  readonly theme: Theme;
  /** Reduced motion: rows come when they are finished, and no figure runs. Default false. */
  readonly still?: boolean;
  /** Where this chat is kept; one with messages is resumed. */
  readonly session: Session;
  readonly sessions?: SessionFolder;
  readonly toolHost: ToolHost;
  readonly tools?: GivenTools;
}
