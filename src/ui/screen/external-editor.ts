// Writing a message in the person's own editor ($VISUAL or $EDITOR).
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import type {Host} from './draw/terminal.ts';

/** Opens the draft in the editor; returns the text as saved, or undefined when the editor reports failure. */
export async function composeInEditor(draft: string, host: Host): Promise<string | undefined> {
  const editor = host.env.VISUAL || host.env.EDITOR || 'vi';
  const [command = 'vi', ...args] = editor.split(/\s+/).filter(Boolean);
  const folder = await mkdtemp(join(host.tmpdir, 'mistral-chat-'));
  const file = join(folder, 'message.md');
  try {
    await writeFile(file, draft, {mode: 0o600});
    const code = await host.run(command, [...args, file]);
    return code === 0 ? (await readFile(file, 'utf8')).replace(/\n$/, '') : undefined;
  } catch (error) {
    throw new EngineError('usage', `cannot start the editor ${editor}`, {
      hint: 'set $VISUAL or $EDITOR to an editor you have',
      cause: error,
    });
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}
