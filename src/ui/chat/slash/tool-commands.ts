// The slash command for tools: which there are, where they come from, what runs them.
import {EngineError} from '../../../base/errors.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';

export const TOOL_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'tools',
    group: 'model',
    brief: 'list or load tools, set what runs them',
    usage: '[FILE | NAME=COMMAND | off]',
    help: 'list tools, load a tools.json, or set the command that runs a tool',
    run: async (chat, argument) => {
      if (argument === 'off') {
        chat.tools.clear();
        chat.note('no tools\n');
        return;
      }
      if (/^[\w-]+=/.test(argument)) chat.tools.command(argument);
      else if (argument !== '') await load(chat, argument);
      await showTools(chat);
    },
  },
];

async function load(chat: ChatContext, file: string): Promise<void> {
  if (!chat.backend.model.supportsTools) {
    throw new EngineError('unsupported', `${chat.backend.model.id} does not support tools`, {
      hint: 'its prompt format (template v1) has no place for them; models with template v2 or later do',
    });
  }
  await chat.tools.load(chat.path(file));
}

async function showTools(chat: ChatContext): Promise<void> {
  const rows = chat.tools.list(chat.columns);
  const none = 'load a list of {"name", "description", "parameters"} with /tools FILE';
  const next =
    rows.length === 0
      ? none
      : 'set the command that runs a tool with /tools NAME=COMMAND; it gets the arguments on stdin';
  const notes = await chat.tools.notes(chat.columns);
  chat.note([...(rows.length === 0 ? ['no tools'] : rows), ...notes, next, ''].join('\n'));
}
