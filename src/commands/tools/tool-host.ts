// The real files and processes behind the tools of a chat.
import {readFile} from 'node:fs/promises';
import {EngineError} from '../../base/errors.ts';
import type {ToolHost} from '../../ui/chat/tool-registry.ts';
import {parseToolCommand, runToolCommand} from './tool-command.ts';

export interface ToolHostOptions {
  /** Hand command lines to `sh -c` instead of splitting them into words. */
  readonly shell: boolean;
  /** Limit for one command. */
  readonly timeoutMs: number;
  readonly cwd: string;
  /** What commands see of the environment. */
  readonly env: NodeJS.ProcessEnv;
}

export function toolHost(options: ToolHostOptions): ToolHost {
  return {
    load: async (path) => {
      const text = await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new EngineError('io', `${path} cannot be read`, {cause, hint: 'does it exist, and may you read it?'});
      });
      // Not for the first frame.
      const {parseTools} = await import('./run-tools.ts');
      return parseTools(text, path);
    },
    parse: parseToolCommand,
    run: (command, call, signal, note) => runToolCommand(command, call, {...options, signal, note}),
  };
}
