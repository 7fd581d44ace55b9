// The tools of servers as a model gets them: names within the rule, schemas that hold, and no more than the context bears.
import {dumpsJson, fromPlain, isJsonObject, type Json} from '../../base/json.ts';
import type {Tool} from '../contract/requests.ts';
import {schemaFault} from '../wire/schema-fault.ts';
import type {ServerTool} from './connection.ts';
import type {ExposedNames} from './exposed-names.ts';
import type {Offer} from './tool-source.ts';

/** Tools in one request. */
const MOST_TOOLS = 128;
/** Of the context, for all tools together. */
const SHARE = 0.25;
/** Of a list of tools, about: what they are written as is counted by the model's own tokenizer only later. */
const CHARACTERS_A_TOKEN = 4;

export interface OfServer {
  readonly server: string;
  readonly tools: readonly ServerTool[];
}

export interface Offered {
  readonly tools: readonly Tool[];
  /** What was left out and why, one line each. */
  readonly notes: readonly string[];
}

/** The tools of all servers, in their order, as far as there is room. */
export function offeredTools(servers: readonly OfServer[], names: ExposedNames, {contextSize, taken}: Offer): Offered {
  const most = contextSize === undefined ? Number.POSITIVE_INFINITY : contextSize * SHARE * CHARACTERS_A_TOKEN;
  const tools: Tool[] = [];
  const notes: string[] = [];
  let characters = 0;
  for (const {server, tools: its} of servers) {
    const seen = new Set<string>();
    const over: string[] = [];
    for (const tool of its) {
      const offered = asTool(server, tool, names);
      const why = seen.has(tool.name)
        ? 'the server lists it twice'
        : taken.has(offered.name)
          ? 'another tool has its name'
          : offered.fault;
      seen.add(tool.name);
      if (why !== undefined) {
        notes.push(`${server}: ${tool.name} is left out: ${why}`);
        continue;
      }
      const size = offered.name.length + offered.description.length + dumpsJson(offered.parameters).length;
      if (tools.length >= MOST_TOOLS || characters + size > most) over.push(tool.name);
      else {
        characters += size;
        tools.push({name: offered.name, description: offered.description, parameters: offered.parameters});
      }
    }
    if (over.length > 0) notes.push(tooMany(server, over));
  }
  return {tools, notes};
}

function tooMany(server: string, over: readonly string[]): string {
  const first = over.slice(0, 3).join(', ');
  const more = over.length > 3 ? ` and ${over.length - 3} more` : '';
  return (
    `${server}: left out, as there is room for ${MOST_TOOLS} tools and a quarter of the context: ${first}${more}; ` +
    `choose with "tools" or "exclude" in its configuration, or give more room with --ctx`
  );
}

function asTool(server: string, tool: ServerTool, names: ExposedNames): Tool & {fault?: string} {
  const {name, description = ''} = tool;
  const known = {name: names.of(server, name), description};
  let parameters: Json;
  try {
    parameters = withoutDialect(fromPlain(tool.inputSchema));
  } catch {
    return {...known, parameters: new Map(), fault: 'its schema is no JSON'};
  }
  const fault = schemaFault(parameters);
  return {...known, parameters, ...(fault !== undefined && {fault: `its schema is none: ${fault}`})};
}

/** Which draft a schema says it is of, the model need not read, and the grammar does not go by it. */
function withoutDialect(schema: Json): Json {
  if (!isJsonObject(schema) || !schema.has('$schema')) return schema;
  return new Map([...schema].filter(([key]) => key !== '$schema'));
}
