// The bodies of Ollama's chat and generate as calls.
import {defined} from '../../../base/defined.ts';
import {EngineError} from '../../../base/errors.ts';
import {dumpsJson, isJsonArray, isJsonObject, type Json} from '../../../base/json.ts';
import type {Message} from '../../../engine/contract/requests.ts';
import type {SamplingParams} from '../../../engine/contract/sampling.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {readTools} from '../../../engine/wire/read-tools.ts';
import {type DialectCall, fieldsOf} from '../dialect-call.ts';
import {asPrefix, placeSystemMessages} from '../fitted-history.ts';
import {HistoryBuilder} from '../history-builder.ts';
import {OfferedNames, offeredName} from '../offered-names.ts';
import {readKeepAlive} from './keep-alive.ts';
import {readOptions, readWishes} from './read-options.ts';

export interface OllamaCall extends DialectCall {
  readonly names: OfferedNames;
  /** Thoughts are part of the reply. */
  readonly showsThoughts: boolean;
  /** A thought is demanded: a model without is a refusal. */
  readonly thinks: boolean;
  /** The context the client asks for, in tokens. */
  readonly context: number | undefined;
  readonly logprobs: boolean;
  /** Nothing is to be answered: the client only wants the model loaded, or gone. */
  readonly only: 'load' | 'unload' | undefined;
}

export interface GenerateCall extends OllamaCall {
  /** `template`: the prompt is a message; `raw`: it is continued as it is; `gap`: the text before a suffix. */
  readonly form: 'template' | 'raw' | 'gap';
  readonly prompt: string;
  readonly suffix: string;
}

/** @throws Refusal, EngineError with the path of the field at fault. */
export function readOllamaChat(json: Json, defaults: SamplingParams): OllamaCall {
  const fields = fieldsOf(json);
  const list = fields.list('messages') ?? fields.missing('messages');
  const names = new OfferedNames();
  const tools = readTools(fields.get('tools') ?? [], fields.context).map((tool) => ({
    ...tool,
    name: names.offer({name: tool.name}),
  }));
  const call = readShared(fields, defaults, readMessages(list), list.length === 0, names);
  return tools.length === 0 ? call : {...call, request: {...call.request, tools}};
}

/** @throws Refusal, EngineError with the path of the field at fault. */
export function readOllamaGenerate(json: Json, defaults: SamplingParams): GenerateCall {
  const fields = fieldsOf(json);
  const prompt = fields.string('prompt') ?? '';
  const system = fields.string('system');
  const suffix = fields.string('suffix') ?? '';
  const isRaw = fields.boolean('raw') ?? false;
  const messages: Message[] = [
    ...(system ? [{role: 'system', content: system} as const] : []),
    {role: 'user', content: prompt},
  ];
  const shared = readShared(fields, defaults, messages, prompt === '' && suffix === '', new OfferedNames());
  return {...shared, form: isRaw ? 'raw' : suffix === '' ? 'template' : 'gap', prompt, suffix};
}

function readShared(
  fields: Fields,
  defaults: SamplingParams,
  messages: readonly Message[],
  isEmpty: boolean,
  names: OfferedNames,
): OllamaCall {
  const {sampling, told, context} = readOptions(fields, defaults);
  const think = fields.get('think');
  const unloads = readKeepAlive(fields) === 0;
  return {
    request: {messages: placeSystemMessages(messages), sampling, ...readWishes(fields)},
    names,
    told,
    effortIsWish: true,
    model: fields.string('model'),
    stream: fields.boolean('stream') ?? true,
    parallelCalls: true,
    showsThoughts: think !== false,
    thinks: think !== undefined && think !== false,
    context,
    logprobs: fields.boolean('logprobs') ?? false,
    only: isEmpty ? (unloads ? 'unload' : 'load') : undefined,
  };
}

/** A call that no result has answered yet. */
interface OpenCall {
  readonly id: string;
  readonly name: string;
}

function readMessages(list: readonly Json[]): readonly Message[] {
  const history = new HistoryBuilder('');
  const open: OpenCall[] = [];
  let calls = 0;
  list.forEach((json, index) => {
    const message = fieldsOf(json, `messages[${index}]`);
    refuseImages(message);
    const content = message.string('content') ?? '';
    switch (message.requiredString('role')) {
      case 'user':
        history.add({role: 'user', content});
        break;
      case 'system':
        history.add({role: 'system', content});
        break;
      case 'assistant': {
        history.startAnswer();
        const thinking = message.string('thinking');
        if (thinking) history.thought(thinking);
        history.text(content);
        for (const call of callsOf(message)) {
          const id = call.string('id') ?? `call${calls}`;
          calls++;
          const written = call.fields('function') ?? call.missing('function');
          const name = offeredName({name: written.requiredString('name')});
          history.call({id, name, arguments: readArguments(written)});
          open.push({id, name});
        }
        break;
      }
      case 'tool':
        history.add({role: 'tool', content, ...answered(message, open)});
        break;
      default:
        throw message.wrong('role', 'system, user, assistant or tool');
    }
  });
  return asPrefix(history.messages());
}

/** The call a result answers: by its id, else the oldest open one of its tool, else the oldest of all. */
function answered(message: Fields, open: OpenCall[]): {toolCallId?: string; name?: string} {
  const id = message.string('tool_call_id');
  const client = message.string('tool_name') ?? message.string('name');
  const name = client === undefined ? undefined : offeredName({name: client});
  const byId = open.findIndex((call) => call.id === id);
  const byName = open.findIndex((call) => call.name === name);
  const [call] = open.splice(byId >= 0 ? byId : Math.max(0, byName), id !== undefined && byId < 0 ? 0 : 1);
  return defined({toolCallId: id ?? call?.id, name: name ?? call?.name});
}

function callsOf(message: Fields): Fields[] {
  return (message.list('tool_calls') ?? []).map((call, index) =>
    fieldsOf(call, `${message.pathOf('tool_calls')}[${index}]`),
  );
}

/** An object, in Python's spelling; some clients send it as text. */
function readArguments(written: Fields): string {
  const value = written.get('arguments') ?? new Map<string, Json>();
  if (typeof value === 'string') return value;
  if (isJsonObject(value)) return dumpsJson(value, {ensureAscii: true});
  throw written.wrong('arguments', 'an object');
}

function refuseImages(message: Fields): void {
  const images = message.get('images');
  if (images === undefined || (isJsonArray(images) && images.length === 0)) return;
  const param = message.pathOf('images');
  throw new EngineError('unsupported', `'${param}' is not taken: the model reads text only`, {param});
}
