// Slash commands about the conversation itself: answer again, undo, continue, start again.

import {EngineError} from '../../../base/errors.ts';
import {counted} from '../../../base/units.ts';
import type {Message} from '../../../engine/contract/requests.ts';
import type {Compacted} from '../../../engine/conversation/context/context-window.ts';
import {DEFAULT_SYSTEM, ownSystem, systemText} from '../../../engine/conversation/own-system.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';

export const TALK_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'regen',
    group: 'talk',
    aliases: ['retry'],
    help: 'answer your last message again',
    run: (chat) => chat.answer((signal) => chat.conversation.regenerate(signal)),
  },
  {
    name: 'continue',
    group: 'talk',
    help: 'continue the last answer where it ended',
    run: (chat) => chat.answer((signal) => chat.conversation.continue(signal)),
  },
  {
    name: 'undo',
    group: 'talk',
    help: 'remove your last message and its answer',
    run: (chat) => {
      if (chat.conversation.undoCompact())
        return chat.note('the summary is removed: the model sees the whole chat again\n');
      const text = chat.conversation.undo();
      if (text === undefined) throw new EngineError('usage', 'there is nothing to undo');
      chat.note(`removed: ${firstLine(text)}\n`);
    },
  },
  {
    name: 'edit',
    group: 'talk',
    help: 'edit your last message and send it again',
    withoutScreen: '/undo removes your last message; then type it again',
    run: (chat) => {
      const text = chat.conversation.undo();
      if (text === undefined) throw new EngineError('usage', 'there is no message to edit');
      chat.note('edit your message and press Enter to send it again\n');
      chat.prompt?.write(text);
    },
  },
  {
    name: 'clear',
    group: 'talk',
    brief: 'start a new conversation',
    aliases: ['new', 'reset'],
    help: 'start a new conversation (keeps the system prompt)',
    run: (chat) => {
      const [first] = chat.conversation.messages;
      chat.conversation.reset(first?.role === 'system' ? [first] : []);
      chat.note('a new conversation\n');
    },
  },
  {
    name: 'compact',
    group: 'talk',
    brief: 'sum up the chat to make room',
    usage: '[WHAT TO KEEP]',
    help: 'have the model sum up the chat, and tell it the summary in its place',
    run: compact,
  },
  {
    name: 'fim',
    usage: 'BEFORE [<FILL> AFTER]',
    help: 'fill in the text between BEFORE and AFTER',
    run: (chat, argument) => {
      if (argument === '')
        throw new EngineError('usage', '/fim needs some text', {hint: '/fim def add( <FILL> return sum'});
      const [prompt = '', suffix] = argument.split('<FILL>');
      const {sampling} = chat.settings;
      const request = {prompt, ...(suffix === undefined ? {} : {suffix}), sampling};
      return chat.aside((signal) => chat.backend.fim(request, signal));
    },
  },
  {
    name: 'system',
    group: 'model',
    brief: 'show or set the system prompt',
    usage: '[TEXT]',
    help: "show or set the system prompt (default = the model's own, - removes it)",
    run: (chat, argument) => {
      if (argument === '') return chat.note(`system prompt: ${systemPrompt(chat.conversation.messages) ?? 'none'}\n`);
      if (argument === '-') {
        chat.conversation.setSystem(undefined);
        return chat.note('system prompt removed\n');
      }
      const isDefault = argument === DEFAULT_SYSTEM;
      chat.conversation.setSystem(isDefault ? ownSystem(chat.backend.model) : argument);
      chat.note(isDefault ? "the model's own system prompt is set\n" : 'system prompt set\n');
    },
  },
];

async function compact(chat: ChatContext, keep: string): Promise<void> {
  let compacted: Compacted | undefined;
  await chat.aside(async function* (signal) {
    compacted = yield* chat.conversation.compact(keep, signal);
  });
  if (compacted === undefined) return;
  const {turns, missing, tokens} = compacted;
  const left =
    missing === 0 ? '' : `, the last ${missing} of them did not fit and ${missing === 1 ? 'is' : 'are'} not in it`;
  chat.note(`compacted: ${counted(turns, 'turn')} into ${tokens} tokens${left}; /undo takes it back\n`);
}

function systemPrompt(messages: readonly Message[]): string | undefined {
  const [first] = messages;
  return first?.role === 'system' ? systemText(first.content) : undefined;
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 60 || line !== text ? `${line.slice(0, 60)}…` : line;
}
