// Slash commands that move text in and out: files, the clipboard, exports.

import {EngineError} from '../../../base/errors.ts';
import {writeAsked} from '../../../base/files/asked-file.ts';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {contentText} from '../../../engine/contract/requests.ts';
import {exportText} from '../../../engine/conversation/export-text.ts';
import {BLANK, paint, rowTexts} from '../../markdown/style.ts';
import type {SlashCommand} from '../chat-context.ts';

export const TRANSFER_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'file',
    aliases: ['read'],
    usage: 'PATH',
    help: 'insert a file into the prompt (or attach one with @PATH)',
    withoutScreen: 'attach a file by writing @PATH in a message',
    run: (chat, argument) => {
      if (argument === '') throw new EngineError('usage', '/file needs a path');
      chat.prompt?.write(readText(chat.path(argument)));
    },
  },
  {
    name: 'export',
    group: 'chats',
    brief: 'save the conversation to a file',
    usage: 'FILE',
    help: 'save the conversation as Markdown, or as JSON if FILE ends in .json',
    run: (chat, argument) => {
      if (argument === '') throw new EngineError('usage', '/export needs a file name');
      writeAsked(chat.path(argument), exportText(chat.conversation.messages, argument.endsWith('.json')));
      chat.note(`saved to ${argument}\n`);
    },
  },
  {
    name: 'raw',
    group: 'look',
    brief: 'print the source of the last answer',
    usage: '[N]',
    help: 'print the source of the last answer as the model wrote it (N = of the Nth last one)',
    run: (chat, argument) => {
      const answers = chat.conversation.messages.filter(
        ({role, content}) => role === 'assistant' && contentText(content) !== '',
      );
      if (answers.length === 0) throw new EngineError('usage', 'there is no text answer yet');
      const answer = answers.at(-Number(argument || 1));
      if (answer === undefined || !/^[1-9]\d*$|^$/.test(argument)) {
        throw new EngineError('usage', `there is no answer ${argument}; this chat has ${answers.length}`, {
          hint: '1 is the last one, 2 the one before it',
        });
      }
      chat.print(...rowTexts(contentText(answer.content)).map((text) => paint(text, '')), BLANK);
    },
  },
  {
    name: 'copy',
    group: 'chats',
    brief: 'copy the last answer or a code block of it',
    usage: '[N]',
    help: 'copy the last answer, or its Nth code block',
    run: (chat, argument) => {
      const last = chat.conversation.messages.findLast((message) => message.role === 'assistant');
      const text = contentText(last?.content);
      if (text === '') throw new EngineError('usage', 'there is no answer to copy');
      const blocks = Array.from(text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm), (match) => match[1] ?? '');
      const chosen = argument === '' ? text : blocks[Number(argument) - 1];
      if (chosen === undefined) {
        throw new EngineError('usage', `there is no code block ${argument}; the last answer has ${blocks.length}`);
      }
      if (!chat.copy(chosen))
        throw new EngineError('usage', 'your terminal cannot copy this (too long, or not supported)', {
          hint: 'save it with /export FILE',
        });
      chat.note(`copied ${chosen.length} characters\n`);
    },
  },
];

function readText(path: string): string {
  try {
    return readRegularText(path);
  } catch (cause) {
    throw new EngineError('io', `cannot read ${path}`, {cause, hint: 'does it exist, and may you read it?'});
  }
}
