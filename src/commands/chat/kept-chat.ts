// A chat at a terminal, with a screen or without: what it is started with, and what of it is kept for the next time.
import {reasonOf} from '../../base/files/file-error.ts';
import type {Backend, KvState, StateLoad} from '../../engine/contract/backend.ts';
import type {SamplingChoice} from '../../engine/contract/sampling.ts';
import type {ContextPolicy} from '../../engine/conversation/context/context-policy.ts';
import {newSessionInfo, Session} from '../../engine/conversation/session.ts';
import {damageNote, type SessionFolder} from '../../engine/conversation/session-folder.ts';
import type {ToolSource} from '../../engine/mcp/tool-source.ts';
import type {ThoughtChoice} from '../../ui/chat/chat-options.ts';
import type {NotifyChoice} from '../../ui/chat/notify-choice.ts';
import type {GivenTools} from '../../ui/chat/open-conversation.ts';
import type {ShellHost} from '../../ui/chat/shell-access.ts';
import type {ToolHost} from '../../ui/chat/tool-registry.ts';
import type {StatsLevel} from '../../ui/rows/end-row.ts';
import type {Io} from '../host/io.ts';
import {sessionFolder} from '../host/state-folder.ts';
import type {SystemOf} from '../open-model/recommended.ts';
import type {EngineFlags} from '../options.ts';
import {allowedNames, childEnvironment} from '../processes/child-environment.ts';
import {shellHost} from '../tools/shell-host.ts';
import {toolHost} from '../tools/tool-host.ts';

export interface TerminalChat {
  readonly model: string | undefined;
  readonly flags: EngineFlags;
  readonly sampling: SamplingChoice;
  readonly system: SystemOf | undefined;
  /** True: the chat used last; a text: the session whose id begins so. */
  readonly resume: string | true | undefined;
  /** False: nothing of this chat is written anywhere. */
  readonly save: boolean;
  readonly tools: ToolFlags;
  /** Tools of MCP servers. */
  readonly toolSource?: ToolSource | undefined;
  readonly thoughts: ThoughtChoice;
  readonly contextPolicy: ContextPolicy;
  readonly stats?: StatsLevel | undefined;
  readonly notify?: NotifyChoice | undefined;
  /** The window gets a title. */
  readonly title: boolean;
  /** Nothing moves by itself. */
  readonly reducedMotion: boolean;
  /** A screen reader reads along. */
  readonly screenReader: boolean;
}

export interface ToolFlags {
  /** File of the tools to begin with. */
  readonly tools?: string;
  readonly exec?: readonly string[];
  /** Names of secret variables that commands and the editor see. */
  readonly env?: readonly string[];
  /** False: no commands of the person's own either. */
  readonly shell?: boolean;
  /** Seconds. */
  readonly timeout: number;
}

/** The tools of a chat as its flags name them. */
export function toolsOf(io: Io, flags: ToolFlags): {toolHost: ToolHost; tools?: GivenTools} {
  const {tools, exec, shell, timeout} = flags;
  const env = commandEnvironment(io, flags);
  return {
    toolHost: toolHost({shell: shell === true, timeoutMs: timeout * 1000, cwd: io.cwd, env}),
    ...(tools === undefined ? {} : {tools: {file: tools, commands: exec ?? []}}),
  };
}

/** What runs the person's own commands, unless --no-shell forbids them; `reads` as of `shellHost`. */
export function shellFor(io: Io, flags: ToolFlags, reads: boolean): {shell?: ShellHost} {
  return flags.shell === false ? {} : {shell: shellHost(io, commandEnvironment(io, flags), reads)};
}

/** What commands and the editor see of the environment. @throws EngineError `usage` for an --env that names nothing. */
export function commandEnvironment({env}: Io, {env: names = []}: ToolFlags): NodeJS.ProcessEnv {
  return childEnvironment(env, allowedNames(names, env));
}

/** Why a saved cache is not used, where a person should know: the wait that it would have saved comes again. */
const STATE_NOTES: Readonly<Partial<Record<StateLoad, string>>> = {
  other: 'is of another model or setting',
  damaged: 'is damaged',
};

/** The session of a chat and the KV cache beside it, from the start of the program to its end. */
export class KeptChat {
  readonly session: Session;
  /** Undefined when nothing is to be kept. */
  readonly sessions: SessionFolder | undefined;
  readonly #folder: SessionFolder;
  /** The session whose KV cache fits this one's messages. */
  readonly #stateOf: string | undefined;
  #state: KvState | undefined;
  readonly #say: (line: string) => void;

  /** @throws EngineError when there is no such session, or it cannot be read. */
  constructor({env, say}: Pick<Io, 'env' | 'say'>, {resume, save}: Pick<TerminalChat, 'resume' | 'save'>) {
    this.#say = say;
    const folder = sessionFolder(env);
    this.#folder = folder;
    this.sessions = save ? folder : undefined;
    this.#stateOf = resume === undefined ? undefined : folder.find(resume === true ? undefined : resume);
    if (save) folder.keepPrivate();
    if (!save) {
      this.session = new Session(newSessionInfo(''), undefined);
      if (this.#stateOf !== undefined) {
        const kept = folder.read(this.#stateOf);
        this.session.update(kept.messages, kept.window);
        if (kept.damage !== undefined) say(damageNote(this.#stateOf, kept.damage));
      }
    } else if (this.#stateOf === undefined) this.session = folder.begin('');
    else {
      const {session, notes} = folder.enter(this.#stateOf);
      this.session = session;
      for (const note of notes) say(note);
    }
  }

  /** Gives the model the cache it had in this chat; where it does not fit, a note says that the messages are evaluated. */
  async warm({state}: Backend, note: (line: string) => void): Promise<void> {
    this.#state = state;
    if (this.#stateOf === undefined || state === undefined) return;
    const why = STATE_NOTES[await state.load(this.#folder.stateOf(this.#stateOf))];
    if (why !== undefined) note(`the saved KV cache of this chat ${why}: its messages are evaluated again`);
  }

  /** From now on this model has the chat's cache; that of another one fits nothing of it. */
  goOnWith({state}: Backend): void {
    this.#state = state;
  }

  /** Keeps the cache of the session that is open now, and lets others have it. */
  async close(): Promise<void> {
    const {held} = this.#folder;
    // Where the chat itself could not be saved, which was told, there is nothing that the cache would belong to.
    if (this.#state !== undefined && held !== undefined && held.messages.length > 0 && held.problem === undefined) {
      await this.#keepState(this.#state, held.info.id);
    }
    this.release();
  }

  /** Lets others have the session. */
  release(): void {
    this.#folder.release();
  }

  /** Not being able to is no failure: the next start evaluates the messages. */
  async #keepState(state: KvState, id: string): Promise<void> {
    try {
      await state.save(this.#folder.stateOf(id));
      this.#folder.prune();
    } catch (error) {
      this.#say(`the KV cache of this chat is not saved, the next start evaluates its messages: ${reasonOf(error)}`);
      try {
        this.#folder.removeState(id);
      } catch {
        // A folder that takes no files holds no stale ones either.
      }
    }
  }
}
