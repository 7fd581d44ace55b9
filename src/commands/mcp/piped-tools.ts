// The tools of MCP servers where nobody can be asked: what is allowed beforehand runs, the rest is told to the model.
import {EngineError} from '../../base/errors.ts';
import type {ModelInfo, ParsedToolCall} from '../../engine/contract/backend.ts';
import type {Tool} from '../../engine/contract/requests.ts';
import type {ToolSource} from '../../engine/mcp/tool-source.ts';

/** Calls in a row before a turn ends. */
export const MOST_ROUNDS = 20;

/** Takes up what has changed, and tells it; the tools that are offered then. */
export async function pipedTools(
  say: (line: string) => void,
  source: ToolSource,
  {id, contextSize, supportsTools}: Pick<ModelInfo, 'id' | 'contextSize' | 'supportsTools'>,
  own: readonly Tool[] = [],
): Promise<readonly Tool[]> {
  if (!supportsTools) {
    throw new EngineError('unsupported', `${id} does not support tools, so no MCP server can be used`, {
      hint: 'Leave the servers out with --no-mcp and without --mcp-config.',
    });
  }
  const news = await source.refresh({contextSize, taken: new Set(own.map(({name}) => name))});
  for (const line of news.flatMap((text) => text.split('\n'))) say(`note: ${line}`);
  return source.tools;
}

/** Runs a call that is allowed. @throws EngineError `tool_failed` for any other, told by `say` too */
export async function runAllowed(
  say: (line: string) => void,
  source: ToolSource,
  call: ParsedToolCall,
  signal: AbortSignal,
): Promise<string> {
  const permission = source.origin(call.name)?.permission;
  if (permission === 'allow' || permission === undefined) return await source.run(call, signal);
  say(
    permission === 'deny'
      ? `note: ${call.name} was not run: it is denied`
      : `note: ${call.name} was not run: nobody could be asked; --allow ${call.name} allows it`,
  );
  throw new EngineError('tool_failed', 'The user has not allowed this call.');
}
