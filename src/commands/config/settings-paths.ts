// Where settings files are or would be, and trust in a project's.
import {EngineError} from '../../base/errors.ts';
import {readRegularText} from '../../base/files/regular-file.ts';
import type {Io} from '../host/io.ts';
import {findSettingsFiles, PROJECT_FILE, readSettingsFiles, userFile} from '../settings/settings-files.ts';
import {trust} from '../settings/trusted-files.ts';

/** Prints the user's file, also where it does not exist yet, and the project's. */
export async function showPaths(io: Io, json: boolean): Promise<void> {
  const found = findSettingsFiles(io);
  const user = userFile(io);
  const files = [
    ...(user === undefined ? [] : [{kind: 'user', path: user, exists: found.user !== undefined, trusted: true}]),
    ...(found.project === undefined
      ? []
      : [{kind: 'project', path: found.project, exists: true, trusted: await isTrusted(io, found.project)}]),
  ];
  if (json) {
    io.json({files});
    return;
  }
  for (const {path, exists, trusted} of files) {
    io.show(`${path}${exists ? '' : ' (does not exist)'}${trusted ? '' : ' (not trusted)'}\n`);
  }
}

async function isTrusted(io: Io, project: string): Promise<boolean> {
  const [file] = await readSettingsFiles(io, {project});
  return file?.isTrusted === true;
}

/** @throws EngineError `usage` where there is no project's file, or it is no TOML. */
export async function trustProject(io: Io): Promise<void> {
  const {project} = findSettingsFiles(io);
  if (project === undefined) {
    throw new EngineError('usage', `there is no ${PROJECT_FILE} in this folder or its git repository`);
  }
  // A file that cannot be read by this program is none to trust.
  await readSettingsFiles(io, {project});
  trust(io.env, project, readRegularText(project));
  io.say(`trusted ${project}, as it is now: when it changes, this is asked for again`);
}
