// Starts the program of an MCP server: in a group of its own that ends with this program, with few variables.
import {EngineError} from '../../base/errors.ts';
import type {StdioServer} from '../../engine/mcp/config/server-config.ts';
import type {ServerProcess} from '../../engine/mcp/stdio-transport.ts';
import {startGroup} from '../processes/process-group.ts';

/** What a server sees beside its own `env`: those of MCP's own libraries, so that a key reaches none by accident. */
const PASSED_ON =
  process.platform === 'win32'
    ? [
        'APPDATA',
        'COMSPEC',
        'HOMEDRIVE',
        'HOMEPATH',
        'LOCALAPPDATA',
        'PATH',
        'PATHEXT',
        'PROGRAMFILES',
        'SYSTEMDRIVE',
        'SYSTEMROOT',
        'TEMP',
        'USERNAME',
        'USERPROFILE',
        'WINDIR',
      ]
    : ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];

/** @throws EngineError `tool_failed` for a command that the system does not take at all, such as one with a null byte. */
export function startServer(server: StdioServer, cwd: string, env: NodeJS.ProcessEnv): ServerProcess {
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  let group: ReturnType<typeof startGroup>;
  try {
    group = startGroup(server.command, server.args, {cwd: server.cwd ?? cwd, env: {...passed, ...server.env}});
  } catch (cause) {
    throw new EngineError('tool_failed', `${server.command} cannot be started`, {cause});
  }
  const {child} = group;
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.once('exit', (code, signal) =>
      resolve(code === null ? `the program was killed by ${signal}` : `the program ended with exit code ${code}`),
    );
  });
  const {stdin, stdout, stderr} = child;
  let ending: Promise<void> | undefined;
  const end = async () => {
    await group.end();
    for (const stream of child.stdio) stream?.destroy();
    child.unref();
    group.release();
  };
  return {
    ...{stdin, stdout, stderr, ended},
    end: () => {
      ending ??= end();
      return ending;
    },
  };
}
