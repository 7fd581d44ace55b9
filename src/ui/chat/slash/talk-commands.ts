// Slash commands about the talk itself: again, back, on, anew.
import {EngineError} from '../../../base/errors.ts';
import type {Message} from '../../../engine/contract/requests.ts';
import {DEFAULT_SYSTEM, ownSystem, systemText} from '../../../engine/conversation/own-system.ts';
import type {SlashCommand} from '../chat-context.ts';

export const TALK_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'regen',
    aliases: ['retry'],
    help: 'answer the last message again',
    run: (chat) => chat.answer((signal) => chat.conversation.regenerate(signal)),
  },
  {
    name: 'continue',
    help: 'go on with the last answer where it ended',
    run: (chat) => chat.answer((signal) => chat.conversation.continue(signal)),
  },
  {
    name: 'undo',
    help: 'take back the last message and its answer',
    run: (chat) => {
      const text = chat.conversation.undo();
      if (text === undefined) throw new EngineError('usage', 'there is nothing to take back');
      chat.note(`taken back: ${firstLine(text)}\n`);
    },
  },
  {
    name: 'edit',
    help: 'take back the last message and change it in the prompt',
    withoutScreen: '/undo takes the last message back; then say it anew',
    run: (chat) => {
      const text = chat.conversation.undo();
      if (text === undefined) throw new EngineError('usage', 'there is no message to change');
      chat.note('the last message is taken back; change it and send it again\n');
      chat.prompt?.write(text);
    },
  },
  {
    name: 'clear',
    aliases: ['new', 'reset'],
    help: 'forget the conversation, keep the system prompt',
    run: (chat) => {
      const [first] = chat.conversation.messages;
      chat.conversation.reset(first?.role === 'system' ? [first] : []);
      chat.note('a new conversation\n');
    },
  },
  {
    name: 'fim',
    usage: 'BEFORE [<FILL> AFTER]',
    help: 'have the model fill in what stands between two texts',
    run: (chat, argument) => {
      if (argument === '')
        throw new EngineError('usage', '/fim needs a text', {hint: '/fim def add( <FILL> return sum'});
      const [prompt = '', suffix] = argument.split('<FILL>');
      const {sampling} = chat.settings;
      const request = {prompt, ...(suffix === undefined ? {} : {suffix}), sampling};
      return chat.aside((signal) => chat.backend.fim(request, signal));
    },
  },
  {
    name: 'system',
    usage: '[TEXT]',
    help: "show or set the system prompt (default = the model's own, a single - removes it)",
    run: (chat, argument) => {
      if (argument === '') return chat.note(`system prompt: ${systemPrompt(chat.conversation.messages) ?? 'none'}\n`);
      if (argument === '-') {
        chat.conversation.setSystem(undefined);
        return chat.note('the system prompt is removed\n');
      }
      const isDefault = argument === DEFAULT_SYSTEM;
      chat.conversation.setSystem(isDefault ? ownSystem(chat.backend.model) : argument);
      chat.note(isDefault ? "the model's own system prompt is set\n" : 'the system prompt is set\n');
    },
  },
];

function systemPrompt(messages: readonly Message[]): string | undefined {
  const [first] = messages;
  return first?.role === 'system' ? systemText(first.content) : undefined;
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 60 || line !== text ? `${line.slice(0, 60)}…` : line;
}
