// A chat without a face: its messages, commands and answers around one conversation, one after the other.

import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import type {Backend, ModelInfo} from '../../engine/contract/backend.ts';
import {carriedSampling, chosenSampling} from '../../engine/contract/sampling.ts';
import type {Conversation, ConversationEvent} from '../../engine/conversation/conversation.ts';
import {TurnRecord} from '../../engine/conversation/last-turn.ts';
import type {Session} from '../../engine/conversation/session.ts';
import type {SessionFolder} from '../../engine/conversation/session-folder.ts';
import {SessionWriter} from '../../engine/conversation/session-writer.ts';
import type {Row, Theme} from '../markdown/style.ts';
import {attachFiles} from './attach-files.ts';
import type {Ask, ChatContext, OtherModels, Settings} from './chat-context.ts';
import type {ChatFace, ChatPrompt} from './chat-face.ts';
import type {ChatOptions} from './chat-options.ts';
import {CollapsedText} from './collapsed-text.ts';
import {openConversation, takeTools} from './open-conversation.ts';
import type {Picker} from './picker.ts';
import type {ShellHost} from './shell-access.ts';
import {parseCommand, runCommand} from './slash/all-commands.ts';
import {ToolRegistry} from './tool-registry.ts';
import {Turns} from './turns.ts';

/** A message that waits for its turn. */
interface Waiting {
  readonly text: string;
  /** Its number in the session; a command has none. */
  readonly id: number | undefined;
  /** As it stood in the prompt. */
  readonly shown: string;
}

/** How long to wait for an answer to stop when the person leaves. Milliseconds. */
const PATIENCE = 3000;

/**
 * The state of a chat at a terminal. What is submitted waits until the model is loaded and what came before is done;
 * everything a person should see goes to the face as events, failures too: no method but `load` throws.
 */
export class ChatCore implements ChatContext {
  readonly theme: Theme;
  readonly settings: Settings;
  readonly tools: ToolRegistry;
  readonly models: OtherModels | undefined;
  readonly last = new TurnRecord();
  /** Resolves with the exit code when the chat is left. */
  readonly left: Promise<number>;
  readonly #options: ChatOptions;
  readonly #face: ChatFace;
  readonly #turns: Turns;
  readonly #writer: SessionWriter;
  readonly #collapsed = new CollapsedText();
  /** What runs: the message or command whose turn it is, and commands that wait for nothing. */
  readonly #works = new Set<Promise<void>>();
  #leave: (code: number) => void = () => {};
  #loaded: {readonly backend: Backend; readonly conversation: Conversation} | undefined;
  #queue: Waiting[] = [];
  #busy = false;
  #hasLeft = false;
  #isAside = false;

  constructor(options: ChatOptions, face: ChatFace) {
    this.#options = options;
    this.#face = face;
    this.theme = options.theme;
    this.models = options.models;
    const {contextPolicy = 'trim'} = options;
    const sampling = chosenSampling(options.sampling);
    this.settings = {sampling, contextPolicy, certainty: false, ...faceSettings(options)};
    this.#writer = new SessionWriter(options.session);
    this.tools = new ToolRegistry(
      options.toolHost,
      {
        theme: options.theme,
        columns: () => face.columns,
        print: (...rows) => this.print(...rows),
        pick: (picker) => this.pick(picker),
        working: (text) => this.working(text),
        stop: () => this.stop(),
      },
      options.toolSource,
    );
    this.#turns = new Turns({
      begin: () => face.show({type: 'begin'}),
      event: (event) => this.#onEvent(event),
      end: (error, finish) => {
        this.#collapsed.endThought();
        face.show({type: 'end', finish, error});
        this.#save();
      },
    });
    this.left = new Promise((leave) => {
      this.#leave = leave;
    });
  }

  get backend(): Backend {
    return this.#whenLoaded.backend;
  }

  get conversation(): Conversation {
    return this.#whenLoaded.conversation;
  }

  get #whenLoaded() {
    if (this.#loaded === undefined) throw new EngineError('usage', 'the model is still loading');
    return this.#loaded;
  }

  /** The model that answers; undefined while it is loaded. */
  get model(): ModelInfo | undefined {
    return this.#loaded?.backend.model;
  }

  get session(): Session {
    return this.#writer.session;
  }

  get sessions(): SessionFolder | undefined {
    return this.#options.sessions;
  }

  get shell(): ShellHost | undefined {
    return this.#options.shell;
  }

  get columns(): number {
    return this.#face.columns;
  }

  get prompt(): ChatPrompt | undefined {
    return this.#face.prompt;
  }

  get collapsed(): string {
    return this.#collapsed.text;
  }

  /** True while the model answers. */
  get isAnswering(): boolean {
    return this.#turns.busy;
  }

  /** True when the conversation ends with words of the model, which can be continued. */
  get endsWithAnswer(): boolean {
    return this.#loaded?.conversation.messages.at(-1)?.role === 'assistant';
  }

  /** True before the first message of a chat. */
  get #nothingSaid(): boolean {
    const {messages} = this.#loaded?.conversation ?? this.session;
    return !this.#busy && this.#queue.length === 0 && messages.every(({role}) => role === 'system');
  }

  /** Messages that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Loads the model, shows a resumed chat again, and begins with what waits. @throws what loading the model throws. */
  async load(): Promise<void> {
    const {open, sampling, system, tools} = this.#options;
    // Before something else can be sent, which would take its place.
    this.#giveBack();
    const backend = await open(
      (text) => this.note(text),
      (fraction) => this.#face.show({type: 'loading', fraction}),
    );
    this.settings.sampling = chosenSampling(sampling, backend.model.sampling);
    this.#loaded = {backend, conversation: openConversation(backend, this, system?.(backend.model))};
    this.#face.show({type: 'ready', model: backend.model});
    this.recall();
    if (tools !== undefined) await takeTools(this, tools).catch((error: unknown) => this.#fail(error));
    this.#next();
  }

  /** Takes a message or a command; `shown` is how it stood in the prompt, with labels for long pastes. */
  submit(text: string, shown = text): void {
    const command = parseCommand(text, this.#nothingSaid);
    if (command?.anytime === true) {
      this.#run(runCommand(this, command));
      return;
    }
    // Kept before anything else can happen to it.
    const id = command === undefined ? this.session.queue(text) : undefined;
    if (id !== undefined) this.#tellProblem();
    this.sessions?.noteUse();
    this.#queue.push({text, shown, id});
    this.#next();
  }

  /** Resolves when nothing runs; what waits for the model to be loaded goes on waiting. */
  async idle(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works);
  }

  /** Asks the running answer to stop; true when there was one. */
  stop(): boolean {
    return this.#turns.stop();
  }

  /** Takes back the messages that wait, the oldest first. */
  takeQueue(): string[] {
    const waiting = this.#queue.splice(0);
    this.session.giveBack(idsOf(waiting));
    return waiting.map(({text}) => text);
  }

  /** Ends the chat: `left` resolves, and nothing that waits begins any more. */
  leave(code = 0): void {
    this.#hasLeft = true;
    this.#leave(code);
  }

  /** Stops the answer and waits until it has ended, though not for one that will not. */
  async close(): Promise<void> {
    this.stop();
    await Promise.race([this.#turns.settled(), new Promise((wake) => setTimeout(wake, PATIENCE).unref())]);
  }

  print(...rows: Row[]): void {
    this.#face.show({type: 'rows', rows});
  }

  working(text: string | undefined): void {
    this.#face.show({type: 'activity', text});
  }

  note(text: string): void {
    this.#face.show({type: 'note', text});
  }

  pick(picker: Picker): Promise<number | undefined> {
    return this.#face.pick(picker);
  }

  away<T>(run: () => Promise<T>): Promise<T> {
    return this.#face.away(run);
  }

  copy(text: string): boolean {
    return this.#face.copy(text);
  }

  path(name: string): string {
    const {cwd, home} = this.#options.host;
    return resolve(
      cwd,
      name.replace(/^~(?=\/|$)/, () => home),
    );
  }

  recall(): void {
    this.#face.show({type: 'recall', messages: this.conversation.messages});
  }

  open(session: Session): void {
    const before = this.session;
    this.#writer.session = session;
    this.conversation.reset(session.messages, session.window);
    this.note(`session ${session.info.id}`);
    this.recall();
    this.#giveBack();
    this.#moveQueue(before);
  }

  async goOnWith(backend: Backend): Promise<void> {
    const before = this.backend;
    this.#save();
    const recommended = [before.model.sampling, backend.model.sampling] as const;
    this.settings.sampling = carriedSampling(this.settings.sampling, this.#options.sampling, recommended);
    this.settings.reasoningEffort = undefined;
    this.#loaded = {backend, conversation: openConversation(backend, this, undefined)};
    // What the person would have to wait for is over already, and a failure to free is no reason to stay.
    await before.close().catch((error: unknown) => this.#fail(error));
  }

  async answer(ask: Ask): Promise<void> {
    this.#isAside = false;
    await this.#turns.run(ask);
  }

  async aside(ask: Ask): Promise<void> {
    this.#isAside = true;
    await this.#turns.run(ask);
  }

  /** Starts the oldest waiting message if nothing else does. */
  #next(): void {
    if (this.#loaded === undefined || this.#busy || this.#hasLeft) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    this.#busy = true;
    const command = parseCommand(waiting.text);
    this.#run(command === undefined ? this.#say(waiting) : runCommand(this, command), () => {
      this.#save();
      this.#busy = false;
      this.#next();
    });
  }

  /** Work whose failure is shown, never thrown. */
  #run(work: Promise<void>, done = () => {}): void {
    const running = work
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        done();
        this.#works.delete(running);
      });
    this.#works.add(running);
  }

  /** What was sent when the chat ended, and not read by the model, is the person's again. */
  #giveBack(): void {
    const text = this.session.givenBack.join('\n');
    if (text === '') return;
    if (this.prompt?.isEmpty === true) {
      this.prompt.write(text);
      this.note('what was not answered when this chat ended is in the prompt again\n');
    } else this.note(`not answered when this chat ended:\n${text}\n`);
  }

  /** What waits is said in the session that is open now. */
  #moveQueue(before: Session): void {
    if (before === this.session) return;
    before.drop(idsOf(this.#queue));
    this.#queue = this.#queue.map((waiting) =>
      waiting.id === undefined ? waiting : {...waiting, id: this.session.queue(waiting.text)},
    );
  }

  async #say({text, shown, id}: Waiting): Promise<void> {
    const before = this.conversation.messages;
    if (shown !== text) this.#collapsed.put(text);
    try {
      const {content, notes} = await attachFiles(text.replace(/^\/\//, '/'), (name) => this.path(name));
      this.#face.show({type: 'said', text: shown});
      for (const note of notes) this.note(note);
      if (id !== undefined) this.session.sending(id);
      for (const line of await this.tools.refresh(this.backend.model)) this.note(`${line}\n`);
      await this.answer((signal) => this.conversation.send(content, signal));
    } finally {
      // A message that was refused is not lost: it comes back to be changed.
      if (this.conversation.messages === before) this.#comesBack(text, id);
    }
  }

  #comesBack(text: string, id: number | undefined): void {
    if (id !== undefined) this.session.giveBack([id]);
    if (this.prompt?.isEmpty === true) this.prompt.write(text);
  }

  #onEvent(event: ConversationEvent): void {
    this.#collapsed.take(event);
    if (this.#isAside) this.last.takeAside(event);
    else this.#record(event);
    this.#face.show({type: 'event', event});
  }

  #record(event: ConversationEvent): void {
    this.last.take(event, this.conversation.messages);
    if (event.type === 'text') this.#writer.append(event.text);
    else if (event.type === 'prompt' || event.type === 'tool_result') this.#save();
    if (event.type === 'prompt' && this.last.prefix !== '') this.#writer.append(this.last.prefix);
  }

  #save(): void {
    this.#writer.update(this.conversation.messages, this.conversation.window);
    this.#tellProblem();
  }

  #tellProblem(): void {
    const problem = this.#writer.takeProblem();
    if (problem !== undefined) this.#face.show({type: 'warning', text: problem});
  }

  #fail(error: unknown): void {
    this.#face.show({type: 'error', error});
  }
}

const faceSettings = ({thoughts: {show = false, drop = false} = {}, stats = 'off', notify = 'auto'}: ChatOptions) => ({
  showThoughts: show,
  dropThoughts: drop,
  stats,
  notify,
});

function idsOf(waiting: readonly Waiting[]): number[] {
  return waiting.flatMap(({id}) => id ?? []);
}
