// The window's title and the notices: what somebody sees of a chat who looks at another window.
import {formatDuration} from '../../base/units.ts';
import type {NotifyChoice} from '../chat/notify-choice.ts';
import {noticeKind, noticeSequence} from './notices.ts';
import type {Screen} from './screen.ts';

const NAME = 'mistral-chat';
/** An answer that took less is waited for. Milliseconds. */
const LONG = 5000;
/** No two notices come closer than this. Milliseconds. */
const APART = 3000;

/** What the attention needs to know and to do. */
export interface AttentionHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Monotonic, in milliseconds. */
  now(): number;
}

export class Attention {
  readonly #screen: Pick<Screen, 'focused' | 'version' | 'setTitle' | 'write'>;
  readonly #host: AttentionHost;
  readonly #choice: () => NotifyChoice;
  readonly #ellipsis: string;
  readonly #hasTitle: boolean;
  #toldAt = -Infinity;

  constructor(
    screen: Pick<Screen, 'focused' | 'version' | 'setTitle' | 'write'>,
    host: AttentionHost,
    {
      choice,
      hasTitle,
      ellipsis,
    }: {readonly choice: () => NotifyChoice; readonly hasTitle: boolean; readonly ellipsis: string},
  ) {
    this.#screen = screen;
    this.#host = host;
    this.#choice = choice;
    this.#ellipsis = ellipsis;
    this.#hasTitle = hasTitle;
  }

  /** Nobody has to do anything: the model is loaded, or answers. */
  working(): void {
    this.#title(`${this.#ellipsis} ${NAME}`);
  }

  /** The person can type. */
  ready(): void {
    this.#title(NAME);
  }

  /** An answer ended by itself, `elapsedMs` after it was asked for. */
  answered(elapsedMs: number, failed: boolean): void {
    if (elapsedMs < LONG) return;
    this.#tell(`The answer ${failed ? 'failed' : 'is ready'} (${formatDuration(elapsedMs / 1000)})`);
  }

  /** Something waits for the person: `question` as it stands on the screen, such as `run get_weather?`. */
  asks(question: string): void {
    this.#title(`! ${NAME}: ${question}`);
    this.#tell(`${question.slice(0, 1).toUpperCase()}${question.slice(1)} It waits for your answer.`);
  }

  #title(text: string): void {
    if (this.#hasTitle) this.#screen.setTitle(text);
  }

  #tell(text: string): void {
    const choice = this.#choice();
    const {focused, version} = this.#screen;
    if (choice === 'off' || (choice !== 'always' && focused !== false)) return;
    const now = this.#host.now();
    if (now - this.#toldAt < APART) return;
    this.#toldAt = now;
    const kind = choice === 'bell' ? 'bell' : noticeKind({version, env: this.#host.env});
    this.#screen.write(noticeSequence(kind, text));
  }
}
