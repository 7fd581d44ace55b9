// `mistral sessions`: list, show, export and remove the chats that were kept.
import {resolve} from 'node:path';
import type {Command} from 'commander';
import {writeAsked} from '../base/files/asked-file.ts';
import {reasonOf} from '../base/files/file-error.ts';
import {contentText} from '../engine/contract/requests.ts';
import {exportMarkdown} from '../engine/conversation/export-markdown.ts';
import {exportText} from '../engine/conversation/export-text.ts';
import type {Session} from '../engine/conversation/session.ts';
import {damageNote, type SessionFolder} from '../engine/conversation/session-folder.ts';
import type {Io} from './host/io.ts';
import {sessionFolder} from './host/state-folder.ts';

const EXAMPLES = `
Examples:
  mistral sessions list                      saved chats, most recent first
  mistral sessions show                      the last one, as markdown
  mistral sessions export 20260102 -o a.json the messages of one, as JSON
  mistral sessions rm 20260102-030405-1f2e   forget one`;

export function addSessionsCommand(command: Command, io: Io): void {
  const sessions = sessionFolder(io.env);
  command.description('List, show, export and delete saved chats.').addHelpText('after', EXAMPLES);
  command
    .command('list')
    .description('saved chats, most recent first')
    .option('--json', 'one JSON object a line')
    .action((flags: {json?: true}) => list(io, sessions, flags.json === true));
  command
    .command('show')
    .description('print a chat as markdown')
    .argument('[id]', 'an id, or the start of one (default: the most recent chat)')
    .action((id?: string) => {
      io.print(exportMarkdown(readSession(io, sessions, id).messages));
    });
  command
    .command('export')
    .description('write a chat to a file or stdout')
    .argument('[id]', 'an id, or the start of one (default: the most recent chat)')
    .option('-o, --output <file>', 'markdown, or JSON when its name ends with .json')
    .option('--json', 'JSON on stdout')
    .action((id: string | undefined, flags: {output?: string; json?: true}) => exportSession(io, sessions, id, flags));
  command
    .command('rm')
    .description('delete chats permanently')
    .argument('<id...>', 'ids, or unique starts of ids')
    .action((ids: string[]) => {
      for (const id of ids.map((given) => sessions.find(given))) {
        sessions.remove(id);
        io.say(`removed ${id}`);
      }
    });
}

function list(io: Io, sessions: SessionFolder, json: boolean): void {
  for (const {id, changed} of sessions.list()) {
    let session: Session;
    try {
      session = sessions.read(id);
    } catch (error) {
      io.say(`${id} is left out: ${reasonOf(error)}`);
      continue;
    }
    const {messages, info, waiting, damage} = session;
    const first = contentText(messages.find(({role}) => role === 'user')?.content) || (waiting[0] ?? '');
    if (damage !== undefined) io.say(damageNote(id, damage));
    if (json) {
      const about = {id, changed: new Date(changed).toISOString(), model: info.model, messages: messages.length, first};
      io.json({...about, ...(damage !== undefined && {damage})});
    } else {
      const when = new Date(changed).toISOString().slice(0, 16).replace('T', ' ');
      const title = first.replaceAll(/\s+/g, ' ').slice(0, 50);
      io.show(`${id}  ${when}  ${String(messages.length).padStart(4)} messages  ${title}\n`);
    }
  }
}

/** The session that is meant, with a word about what of it is damaged. */
function readSession(io: Io, sessions: SessionFolder, given: string | undefined): Session {
  const id = sessions.find(given);
  const session = sessions.read(id);
  if (session.damage !== undefined) io.say(damageNote(id, session.damage));
  return session;
}

function exportSession(
  io: Io,
  sessions: SessionFolder,
  id: string | undefined,
  {output, json}: {output?: string; json?: true},
): void {
  const {messages} = readSession(io, sessions, id);
  const asJson = json === true || output?.endsWith('.json') === true;
  const content = exportText(messages, asJson);
  if (output !== undefined) writeAsked(resolve(io.cwd, output), content);
  else if (asJson) io.printJson(content);
  else io.print(content);
}
