// The slash command for tools: which there are, where they come from, what runs them.
import {EngineError} from '../../../base/errors.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';

export const TOOL_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'tools',
    usage: '[FILE | NAME=COMMAND | off]',
    help: 'list the tools, load a tools.json, say which command runs a tool',
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
    throw new EngineError('unsupported', `${chat.backend.model.id} knows no tools`, {
      hint: 'its template has no form for them; a model of v2 or later has',
    });
  }
  await chat.tools.load(chat.path(file));
}

async function showTools(chat: ChatContext): Promise<void> {
  const rows = chat.tools.list(chat.columns);
  const none = '/tools FILE loads a list of {"name", "description", "parameters"}';
  const next =
    rows.length === 0 ? none : '/tools NAME=COMMAND has a command run the calls; it gets the arguments on stdin';
  const notes = await chat.tools.notes(chat.columns);
  chat.note([...(rows.length === 0 ? ['no tools'] : rows), ...notes, next, ''].join('\n'));
}
