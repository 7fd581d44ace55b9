// Bundles the chat screen with its paced backend once, as the build bundles the real one, and starts it in ptys.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {build} from 'esbuild';
import {afterAll, afterEach, beforeAll} from 'vitest';
import type {ChatAppOptions} from '../../fakes/chat-app.ts';
import {bundleOptions} from './bundle.ts';
import {type PtyOptions, PtyProgram} from './pty.ts';

/** Starts chats in the tests of the calling file; every one is killed after its test. */
export function chatPrograms(): {
  readonly folder: () => string;
  readonly chat: (options?: ChatAppOptions, pty?: PtyOptions) => PtyProgram;
  readonly shell: (pty?: PtyOptions) => PtyProgram;
  readonly command: (options?: ChatAppOptions) => string;
} {
  let folder = '';
  const running: PtyProgram[] = [];
  const app = () => join(folder, 'chat-app.js');
  const keep = (program: PtyProgram) => {
    running.push(program);
    return program;
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mistral-screen-'));
    await build({...bundleOptions, entryPoints: ['test/fakes/chat-app.ts'], outdir: folder});
  });
  afterEach(() => {
    for (const program of running.splice(0)) if (program.exitCode === undefined) program.kill('SIGKILL');
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));
  return {
    folder: () => folder,
    chat: (options = {}, pty = {}) => keep(new PtyProgram(process.execPath, [app(), JSON.stringify(options)], pty)),
    shell: (pty = {}) =>
      keep(new PtyProgram('bash', ['--norc', '--noprofile', '-i'], {...pty, env: {PS1: '$ ', ...pty.env}})),
    command: (options = {}) => `${process.execPath} ${app()} '${JSON.stringify(options)}'`,
  };
}
