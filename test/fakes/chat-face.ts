// A face that notes what a chat shows, asks and copies; and a chat behind it, over a scripted backend.
import {EngineError} from '../../src/base/errors.ts';
import {newSessionInfo, Session} from '../../src/engine/conversation/session.ts';
import {ChatCore} from '../../src/ui/chat/chat-core.ts';
import type {ChatEvent, ChatFace, ChatPrompt} from '../../src/ui/chat/chat-face.ts';
import type {ChatOptions} from '../../src/ui/chat/chat-options.ts';
import type {Picker} from '../../src/ui/chat/picker.ts';
import {bareTheme, rowTexts} from '../../src/ui/markdown/style.ts';
import {contextSentences} from '../../src/ui/rows/context-note.ts';
import {type Script, ScriptedBackend} from './scripted-backend.ts';

/** Notes each event as one line of text, so that a test can say literally what a person sees. */
export class NotedFace implements ChatFace {
  readonly columns: number;
  readonly prompt: ChatPrompt | undefined;
  readonly lines: string[] = [];
  readonly copied: string[] = [];
  /** What stands in the prompt. */
  draft = '';
  /** False: the terminal cannot copy. */
  canCopy = true;
  /** What the person chooses from a list. */
  choose: (picker: Picker) => number | undefined | Promise<number | undefined> = () => undefined;
  /** Called with each event, behind the line for it. */
  onEvent: (event: ChatEvent) => void = () => {};

  /** `hasPrompt` false: a face without a screen. */
  constructor(hasPrompt = true, columns = 60) {
    this.columns = columns;
    const write = (text: string) => {
      this.draft = text;
    };
    const isEmpty = () => this.draft === '';
    this.prompt = hasPrompt
      ? {
          write,
          get isEmpty() {
            return isEmpty();
          },
        }
      : undefined;
  }

  show(event: ChatEvent): void {
    const line = lineOf(event);
    if (line !== undefined) this.lines.push(line);
    this.onEvent(event);
  }

  async pick(picker: Picker): Promise<number | undefined> {
    const labels = picker.items.map(({label, detail}) => (detail === '' ? label : `${label} = ${detail}`));
    this.lines.push(`pick: ${picker.title}: ${labels.join(' | ')}`);
    return await this.choose(picker);
  }

  async away<T>(run: () => Promise<T>): Promise<T> {
    this.lines.push('away');
    return await run();
  }

  copy(text: string): boolean {
    if (this.canCopy) this.copied.push(text);
    return this.canCopy;
  }

  /** The lines since the last call. */
  seen(): string[] {
    return this.lines.splice(0);
  }
}

/** Undefined for what no test looks at: the prompt of a request, progress. */
function lineOf(event: ChatEvent): string | undefined {
  switch (event.type) {
    case 'note':
    case 'warning':
    case 'said':
      // As both faces show it: cleaned.
      return `${event.type}: ${rowTexts(event.text).join('\n').trimEnd()}`;
    case 'rows':
      return event.rows.length === 0 ? undefined : `rows: ${event.rows.join('\n').trimEnd()}`;
    case 'error':
      return `error: ${errorText(event.error)}`;
    case 'recall':
      return `recall: ${event.messages.map(({role}) => role).join(' ')}`.trimEnd();
    case 'loading':
      return `loading: ${event.fraction}`;
    case 'ready':
      return `ready: ${event.model.id}`;
    case 'activity':
      return event.text === undefined ? undefined : `activity: ${event.text}`;
    case 'begin':
      return 'begin';
    case 'end':
      return event.error === undefined ? `end: ${event.finish?.reason}` : `end: ${errorText(event.error)}`;
    case 'event':
      return answerLine(event);
  }
}

function answerLine({event}: Extract<ChatEvent, {type: 'event'}>): string | undefined {
  if (event.type === 'text' || event.type === 'reasoning') return `${event.type}: ${event.text}`;
  if (event.type === 'context')
    return contextSentences(event)
      .map((text) => `context: ${text}`)
      .join('\n');
  if (event.type === 'tool_call') return `call: ${event.call.name} ${event.call.arguments}`;
  return event.type === 'tool_result' ? `result: ${event.content}` : undefined;
}

function errorText(error: unknown): string {
  if (!(error instanceof EngineError)) return String(error);
  return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
}

export interface TestChat {
  readonly core: ChatCore;
  readonly face: NotedFace;
  readonly backend: ScriptedBackend;
  /** Submits a line, waits until all is done, and returns what was shown. */
  say(line: string): Promise<string[]>;
}

export interface TestChatOptions extends Partial<ChatOptions> {
  readonly face?: NotedFace;
  readonly backend?: ScriptedBackend;
}

/** A chat that is not loaded yet. */
export function newChat(script?: Script, {face = new NotedFace(), ...given}: TestChatOptions = {}): TestChat {
  const {backend = new ScriptedBackend(script), ...options} = given;
  const core = new ChatCore(
    {
      host: {cwd: '/project', home: '/home/me', now: () => 0},
      open: async () => backend,
      sampling: {asked: {}, otherwise: {temperature: 0.7}},
      theme: bareTheme(true),
      session: new Session(newSessionInfo('scripted'), undefined),
      toolHost: {
        load: async () => [{name: 'add', description: 'Adds.', parameters: new Map()}],
        parse: (text) => ({name: text.split('=')[0] ?? '', line: text.split('=')[1] ?? ''}),
        run: async () => 'three\nand more',
      },
      ...options,
    },
    face,
  );
  const say = async (line: string) => {
    face.seen();
    core.submit(line);
    await core.idle();
    return face.seen();
  };
  return {core, face, backend, say};
}

/** A chat that is loaded. */
export async function openChat(script?: Script, options: TestChatOptions = {}): Promise<TestChat> {
  const chat = newChat(script, options);
  await chat.core.load();
  await chat.core.idle();
  chat.face.seen();
  return chat;
}
