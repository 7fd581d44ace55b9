// The shell behind the person's own commands in a chat (`!ls`).
import {sanitise} from '../../base/terminal-text.ts';
import type {ShellHost} from '../../ui/chat/shell-access.ts';
import type {Io} from '../host/io.ts';
import {runOnTerminal} from '../processes/run-on-terminal.ts';
import {runToEnd} from '../processes/run-to-end.ts';

/** What of a command's output goes into the prompt at most. Bytes. */
const MAX_OUTPUT = 64 * 1024;

/** `reads`: commands may read what is typed; where lines are read meanwhile, they would take them away. */
export function shellHost(io: Io, env: NodeJS.ProcessEnv, reads: boolean): ShellHost {
  const {cwd} = io;
  return {
    run: async (line) => {
      // Ctrl-C is the command's.
      const release = io.captureInterrupt(() => {});
      try {
        return await runOnTerminal('sh', ['-c', line], {env, cwd, reads});
      } finally {
        release();
        // It may have ended in the middle of a row.
        io.print('\n');
      }
    },
    capture: async (line, signal) => {
      // Both streams in their order.
      const args = ['-c', 'exec 2>&1; eval "$1"', 'sh', line];
      const {exit, output} = await runToEnd('sh', args, {cwd, env, input: '', signal, maxBytes: MAX_OUTPUT + 1});
      const isCut = output.length > MAX_OUTPUT;
      // Without a character that was cut in two.
      const text = new TextDecoder().decode(output.subarray(0, MAX_OUTPUT), {stream: isCut});
      return {text: sanitise(text), isCut, exitCode: exit?.code ?? null};
    },
  };
}
