// Why the engine's prepared build does not work here, where that can be told, and the way out of each.
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {platform} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {processorBuild} from '../../engine-packages.ts';

export interface Clues {
  /** The C library is musl, as on Alpine. */
  readonly isMusl: boolean;
  /** The package of the build is there. */
  readonly isInstalled: boolean;
  /** The code of the error that loading the build gives. */
  readonly loadCode: string | undefined;
  /** Of the package, such as `@node-llama-cpp/linux-x64`. */
  readonly name: string;
  /** What installs this program again with its optional packages, where it is. */
  readonly install: string;
}

export interface WhyNoBuild {
  /** As a clause behind "no build of the engine works on this machine: ". */
  readonly why: string;
  readonly hint: string;
}

/** Undefined where nothing is known that would explain it. */
export function whyNoBuild({isMusl, isInstalled, loadCode, name, install}: Clues): WhyNoBuild | undefined {
  if (isMusl) {
    return {
      why: 'its C library is musl (Alpine), and the prepared builds are for glibc',
      hint: 'Use a system with glibc, such as the image node:22-slim, or compile the engine: npx node-llama-cpp source download',
    };
  }
  if (!isInstalled) {
    return {
      why: `the optional package ${name} is not installed`,
      hint: `Run: ${install}`,
    };
  }
  if (loadCode === 'ERR_DLOPEN_DISABLED') {
    return {
      why: 'Node was told to load no native code (--experimental-permission, --permission or --no-addons)',
      hint: 'Start without that flag, or add --allow-addons; NODE_OPTIONS may hold it too.',
    };
  }
  if (loadCode === 'ERR_ACCESS_DENIED') {
    return {
      why: "Node's permission model keeps it from its own files",
      hint: 'Start without --experimental-permission or --permission; NODE_OPTIONS may hold it too.',
    };
  }
  return undefined;
}

/** The clues of this machine: tries to load the build once more. */
export function cluesHere(): Clues {
  let isInstalled = true;
  let name = '';
  let loadCode: string | undefined;
  try {
    const build = processorBuild();
    name = build.packageName;
    isInstalled = build.folder !== undefined;
    if (build.folder !== undefined) createRequire(import.meta.url)(join(build.folder, 'llama-addon.node'));
  } catch (error) {
    loadCode = (error as NodeJS.ErrnoException).code;
  }
  const install = installCommand(fileURLToPath(import.meta.url), existsSync);
  return {isMusl: usesMusl(), isInstalled, loadCode, name, install};
}

/**
 * The command that installs the optional packages of the program whose file `path` is one of: a folder of packages that lies
 * in a project is the project's, any other one that of `npm install --global`.
 */
export function installCommand(path: string, exists: (path: string) => boolean): string {
  const [packages, project] = /^(.*?)[\\/]node_modules[\\/]/.exec(path) ?? [];
  if (packages === undefined) return 'npm install --include=optional';
  return exists(join(project as string, 'package.json'))
    ? `npm install --include=optional --prefix ${quoted(project as string)}`
    : 'npm install --global --include=optional mistral-chat';
}

/** For a shell, where the path needs it. */
const quoted = (path: string) => (/^[\w@%+=:,./\\-]+$/.test(path) ? path : `"${path}"`);

function usesMusl(): boolean {
  try {
    return platform() === 'linux' && /\/ld-musl-/.test(readFileSync('/proc/self/maps', 'utf8'));
  } catch {
    return false;
  }
}
