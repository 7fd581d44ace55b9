// What a chat on the screen is started with.
import type {ModelInfo} from '../../engine/contract/backend.ts';
import type {ChatOptions} from '../chat/chat-options.ts';
import type {History} from '../prompt/input-history.ts';
import type {Host} from './draw/terminal.ts';

/** The model is loaded once the first frame is shown. */
export interface ScreenChatOptions extends ChatOptions {
  readonly host: Host;
  /** The first line, above everything, in parts of which those at the right are left out first; `model` once it is there. */
  readonly banner: (model?: ModelInfo) => readonly string[];
  readonly history: History;
  /** False: the window keeps its title. Default true. */
  readonly title?: boolean;
  /** Reduced motion: rows come when they are finished, and no figure runs. Default false. */
  readonly reducedMotion?: boolean;
}
