// The person's own commands: `!ls` runs on this terminal, `!!ls` puts what it writes into the prompt.
import {EngineError} from '../../../base/errors.ts';
import {fenced} from '../../../engine/conversation/export-markdown.ts';
import {paint, rowText} from '../../markdown/style.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';
import type {CapturedOutput, ShellHost} from '../shell-access.ts';

/** One line: a longer text that begins so is a message. */
const LINE = /^!(!?)[^\S\n]*([^\s!][^\n]*)$/;

/** The command that a message is, and its line. */
export function shellCommand(text: string): {readonly command: SlashCommand; readonly line: string} | undefined {
  const [, second, line] = LINE.exec(text) ?? [];
  return line === undefined ? undefined : {command: second === '!' ? INTO_PROMPT : ON_TERMINAL, line};
}

const ON_TERMINAL: SlashCommand = {
  name: '!',
  usage: 'COMMAND',
  help: 'run a command of your shell; the model does not see it',
  run: async (chat, line) => {
    const shell = shellOf(chat);
    if (!(await agrees(chat))) return;
    showLine(chat, line);
    const code = await chat.away(() => shell.run(line));
    if (code !== 0) chat.note(endText(code));
  },
};

const INTO_PROMPT: SlashCommand = {
  name: '!!',
  usage: 'COMMAND',
  help: 'run a command of your shell and insert its output into the prompt',
  withoutScreen: 'run it with one ! and paste what you need',
  run: async (chat, line) => {
    const shell = shellOf(chat);
    const {prompt} = chat;
    if (prompt?.isEmpty !== true) {
      throw new EngineError('usage', 'the prompt is not empty, so the output has no place', {
        hint: `Send or clear it first, then run !!${line}.`,
      });
    }
    showLine(chat, line);
    let captured: CapturedOutput | undefined;
    chat.working(`running ${line}`);
    await chat.aside((signal) =>
      silent(async () => {
        captured = await shell.capture(line, signal);
      }),
    );
    chat.working(undefined);
    if (captured === undefined) return;
    const {text, isCut, exitCode} = captured;
    const block = fenced(`$ ${line}\n${text.replace(/\n+$/, '')}`, 'console');
    // The person has typed on meanwhile.
    if (!prompt.isEmpty) chat.note(`${block}\n`);
    else prompt.write(`${block}\n`);
    if (isCut) chat.note('the output was longer: its first 64 KiB are in the prompt\n');
    if (exitCode !== 0) chat.note(endText(exitCode));
  },
};

/** Work that can be stopped as an answer can, and has no events. */
function silent(work: () => Promise<void>): AsyncIterable<never> {
  const next = async () => {
    await work();
    return {done: true, value: undefined} as const;
  };
  return {[Symbol.asyncIterator]: () => ({next})};
}

/** @throws EngineError `usage` where commands are off. */
function shellOf({shell}: ChatContext): ShellHost {
  if (shell !== undefined) return shell;
  throw new EngineError('usage', 'commands of the shell are off (--no-shell)', {
    hint: 'To send text that begins with !, put a space before it.',
  });
}

/** Without a screen a line may come from anywhere: the person is asked once. */
async function agrees(chat: ChatContext): Promise<boolean> {
  if (chat.prompt !== undefined || chat.settings.runsShell) return true;
  const items = ['yes, also later in this chat', 'no'].map((label) => ({label, detail: ''}));
  const chosen = await chat.pick({
    title: 'run lines that begin with ! in your shell?',
    items,
    question: true,
    selected: 1,
  });
  chat.settings.runsShell = chosen === 0;
  return chosen === 0;
}

const showLine = (chat: ChatContext, line: string) => chat.print(paint(rowText(`! ${line}`), chat.theme.dim));

const endText = (code: number | null) => (code === null ? 'ended by a signal\n' : `exit code ${code}\n`);
