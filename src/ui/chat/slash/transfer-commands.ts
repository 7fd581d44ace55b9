// Slash commands that move text in and out: files, the clipboard, exports.

import {EngineError} from '../../../base/errors.ts';
import {writeAsked} from '../../../base/files/asked-file.ts';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {contentText} from '../../../engine/contract/requests.ts';
import {exportText} from '../../../engine/conversation/export-text.ts';
import type {SlashCommand} from '../chat-context.ts';

export const TRANSFER_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'file',
    aliases: ['read'],
    usage: 'PATH',
    help: 'put a file into the prompt (@PATH in a message attaches it)',
    withoutScreen: '@PATH in a message attaches the file',
    run: (chat, argument) => {
      if (argument === '') throw new EngineError('usage', '/file needs a path');
      chat.prompt?.write(readText(chat.path(argument)));
    },
  },
  {
    name: 'export',
    usage: 'FILE',
    help: 'write the conversation as markdown, or as JSON when FILE ends with .json',
    run: (chat, argument) => {
      if (argument === '') throw new EngineError('usage', '/export needs a file name');
      writeAsked(chat.path(argument), exportText(chat.conversation.messages, argument.endsWith('.json')));
      chat.note(`written to ${argument}\n`);
    },
  },
  {
    name: 'copy',
    usage: '[N]',
    help: 'copy the last answer, or its code block number N',
    run: (chat, argument) => {
      const last = chat.conversation.messages.findLast((message) => message.role === 'assistant');
      const text = contentText(last?.content);
      if (text === '') throw new EngineError('usage', 'there is no answer to copy');
      const blocks = Array.from(text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm), (match) => match[1] ?? '');
      const chosen = argument === '' ? text : blocks[Number(argument) - 1];
      if (chosen === undefined) throw new EngineError('usage', `the last answer has ${blocks.length} code blocks`);
      if (!chat.copy(chosen))
        throw new EngineError('usage', 'the terminal does not copy this: it is too long, or it cannot', {
          hint: '/export FILE writes it to a file',
        });
      chat.note(`copied ${chosen.length} characters\n`);
    },
  },
];

function readText(path: string): string {
  try {
    return readRegularText(path);
  } catch (cause) {
    throw new EngineError('io', `${path} cannot be read`, {cause, hint: 'is it there, and may you read it?'});
  }
}
