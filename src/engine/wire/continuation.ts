// `continue_final_message`: an older way to say that the last message is a prefix.
import {isJsonArray, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import {Refusal} from '../contract/refusal.ts';
import {type Dialect, wrongType} from './fields.ts';
import {asBoolean} from './pydantic-boolean.ts';

const NAME = 'continue_final_message';

/**
 * The request without that member, its last message marked as a prefix where it asks for it.
 * @throws Refusal InvalidMessageStructureException when the last message is not the assistant's, ValidationError for what is no
 * switch.
 */
export function withContinuation(body: JsonObject, dialect: Dialect): JsonObject {
  const written = body.get(NAME);
  if (written === undefined) return body;
  const isAsked = dialect === 'exact' ? asBoolean(written) : (written ?? false);
  if (typeof isAsked !== 'boolean') throw wrongType(NAME, 'true or false');
  const rest = new Map([...body].filter(([name]) => name !== NAME));
  return isAsked ? rest.set('messages', withPrefix(rest.get('messages'), dialect)) : rest;
}

function withPrefix(messages: Json | undefined, dialect: Dialect): Json {
  const last = isJsonArray(messages) ? messages.at(-1) : undefined;
  if (!isJsonArray(messages) || !isJsonObject(last) || last.get('role') !== 'assistant') {
    throw new Refusal('InvalidMessageStructureException', `${NAME} needs a last message of the assistant.`, {
      param: NAME,
    });
  }
  const prefix = dialect === 'exact' ? asBoolean(last.get('prefix')) : (last.get('prefix') ?? undefined);
  if (prefix !== undefined && typeof prefix !== 'boolean') {
    throw wrongType(`messages[${messages.length - 1}].prefix`, 'true or false');
  }
  return [...messages.slice(0, -1), new Map([...last, ['prefix', true as Json]])];
}
