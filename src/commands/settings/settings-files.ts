// Where settings files are, and what they say: the user's own, and that of the project in which the program runs.
import {statSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {xdgFolder} from '../../base/files/xdg-folder.ts';
import {homeFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import type {TomlDocument} from './toml-document.ts';

export const PROJECT_FILE = '.mistral-chat.toml';

/** People write a few thousand. */
const MOST_BYTES = 1 << 20;

type Where = Pick<Io, 'cwd' | 'env'>;

export interface FoundFiles {
  readonly user?: string;
  readonly project?: string;
}

export interface SettingsFile {
  readonly kind: 'user' | 'project';
  readonly path: string;
  readonly document: TomlDocument;
  /** The user's own file is; a project's once the user says so. */
  readonly isTrusted: boolean;
}

/** $MISTRAL_CONFIG, else `mistral-chat/config.toml` in the folder for settings. Undefined for a user without a home. */
export function userFile({env}: Pick<Io, 'env'>): string | undefined {
  if (env.MISTRAL_CONFIG) return resolve(env.MISTRAL_CONFIG);
  if (process.platform === 'win32' && env.APPDATA) return join(env.APPDATA, 'mistral-chat', 'config.toml');
  try {
    return join(
      xdgFolder('config', env, () => homeFolder(env)),
      'mistral-chat',
      'config.toml',
    );
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** The files that are there; none with MISTRAL_NO_CONFIG=1. It looks at names alone. */
export function findSettingsFiles(where: Where): FoundFiles {
  const {env, cwd} = where;
  if (env.MISTRAL_NO_CONFIG && env.MISTRAL_NO_CONFIG !== '0') return {};
  const user = userFile(where);
  const project = projectFile(cwd);
  return {
    ...(user !== undefined && (exists(user) || env.MISTRAL_CONFIG) && {user}),
    ...(project !== undefined && project !== user && {project}),
  };
}

/**
 * In the working folder, or above it up to the root of its git repository: elsewhere the folders above are not the project's.
 */
function projectFile(cwd: string): string | undefined {
  let found: string | undefined;
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, PROJECT_FILE);
    if (found === undefined && exists(file)) found = file;
    if (exists(join(folder, '.git'))) return found;
    if (dirname(folder) === folder) return found === join(cwd, PROJECT_FILE) ? found : undefined;
  }
}

/** A folder that may not be entered holds nothing for this user. */
function exists(path: string): boolean {
  try {
    return statSync(path, {throwIfNoEntry: false}) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The files that were found, the user's first.
 * @throws EngineError `usage` for one that cannot be read, or is no TOML: with the place of what is wrong.
 */
export async function readSettingsFiles({env}: Pick<Io, 'env'>, {user, project}: FoundFiles): Promise<SettingsFile[]> {
  const [{TomlDocument}, {isTrusted}, {readRegularText}] = await Promise.all([
    import('./toml-document.ts'),
    import('./trusted-files.ts'),
    import('../../base/files/regular-file.ts'),
  ]);
  const read = (kind: SettingsFile['kind'], path: string | undefined): SettingsFile[] => {
    if (path === undefined) return [];
    const text = textOf(path, readRegularText);
    const document = new TomlDocument(basename(path), text);
    return [{kind, path, document, isTrusted: kind === 'user' || isTrusted(env, path, text)}];
  };
  return [...read('user', user), ...read('project', project)];
}

function textOf(path: string, read: (path: string) => string): string {
  try {
    if (statSync(path).size > MOST_BYTES) throw new RangeError(`it is larger than ${MOST_BYTES} bytes`);
    return read(path);
  } catch (cause) {
    throw new EngineError('usage', `the settings file ${path} cannot be read: ${reasonOf(cause)}`, {
      hint: 'Make it readable, or run with --no-config.',
      cause,
    });
  }
}
