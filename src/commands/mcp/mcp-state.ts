// What a person has decided about MCP servers, kept between runs: files that are trusted, tools that need no question.
import {createHash} from 'node:crypto';
import {dirname, join, sep} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError, isMissing} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {readRegularText} from '../../base/files/regular-file.ts';
import {writeWholeSync} from '../../base/files/whole-file.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {every, object, record, text} from '../../base/shape.ts';
import type {PermissionRules} from '../../engine/mcp/permission.ts';
import {stateFolder} from '../host/state-folder.ts';

const STATE = object({allow: every(text), deny: every(text), trusted: record(text)});

export interface McpState extends PermissionRules {
  /** Paths of files, and the hash of what they held when they were trusted. */
  readonly trusted: ReadonlyMap<string, string>;
}

const NOTHING: McpState = {allow: [], deny: [], trusted: new Map()};

const pathOf = (env: NodeJS.ProcessEnv) => join(stateFolder(env), 'mcp.json');

/** @throws EngineError `io` for a file that cannot be read, `usage` for one that is damaged */
export function readMcpState(env: NodeJS.ProcessEnv): McpState {
  const path = pathOf(env);
  let content: string;
  try {
    content = readRegularText(path);
  } catch (error) {
    if (isMissing(error)) return NOTHING;
    throw fileError(error, path, 'read');
  }
  try {
    return {...NOTHING, ...STATE(parsePlainJson(content))} as McpState;
  } catch (cause) {
    throw new EngineError('usage', `${path} is damaged`, {hint: 'Remove it: what was trusted is asked anew.', cause});
  }
}

/** @throws EngineError `io` or `disk_full` */
export function writeMcpState(env: NodeJS.ProcessEnv, {allow, deny, trusted}: McpState): void {
  const path = pathOf(env);
  try {
    makeFolder(dirname(path), 0o700);
    const state = {allow, deny, trusted: Object.fromEntries(trusted)};
    writeWholeSync(path, `${JSON.stringify(state, null, 2)}\n`, {mode: 0o600});
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

/** By which a file that was trusted is known again. */
export function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Folders inside a project where its servers are named. */
const INSIDE = new Set(['.vscode', '.cursor', '.gemini', '.vibe']);

/** Whether this folder is in the project that the file is of. */
export function isOfProject(file: string, cwd: string): boolean {
  const folder = dirname(file);
  const project = INSIDE.has(folder.split(sep).at(-1) ?? '') ? dirname(folder) : folder;
  return cwd === project || cwd.startsWith(project.endsWith(sep) ? project : `${project}${sep}`);
}
