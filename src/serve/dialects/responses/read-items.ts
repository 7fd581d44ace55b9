// The input items of a Responses request as a conversation.
import {EngineError} from '../../../base/errors.ts';
import type {Json} from '../../../base/json.ts';
import type {Message} from '../../../engine/contract/requests.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {fieldsOf} from '../dialect-call.ts';
import {HistoryBuilder} from '../history-builder.ts';
import {offeredName} from '../offered-names.ts';
import {readTexts} from '../text-parts.ts';
import {readThought} from './encrypted-thought.ts';

const TEXT_PARTS = new Map([
  ['input_text', 'text'],
  ['output_text', 'text'],
  ['text', 'text'],
  ['refusal', 'refusal'],
]);
const TEXT_ONLY = ': the model reads text only';

/** Texts of one answer that came as items of their own. */
const BETWEEN_ITEMS = '\n\n';

export interface ReadItems {
  readonly messages: readonly Message[];
  readonly told: readonly string[];
}

/**
 * Items of one answer become one assistant message.
 * @throws Refusal, EngineError `unsupported` with the path of the item at fault.
 */
export function readItems(items: readonly Json[]): ReadItems {
  const history = new HistoryBuilder(BETWEEN_ITEMS);
  const told: string[] = [];
  items.forEach((json, index) => {
    const item = fieldsOf(json, `input[${index}]`);
    const type = item.string('type') ?? (item.get('role') === undefined ? item.missing('type') : 'message');
    if (!readItem(history, item, type)) told.push(`${item.path}: an item of type '${type}' is passed over`);
  });
  return {messages: history.messages(), told};
}

/** False for a type that has no counterpart here. */
function readItem(history: HistoryBuilder, item: Fields, type: string): boolean {
  switch (type) {
    case 'message':
      readMessageItem(history, item);
      return true;
    case 'function_call':
      history.call({
        id: item.requiredString('call_id'),
        name: offeredName({name: item.requiredString('name'), ...namespaceOf(item)}),
        arguments: item.string('arguments') ?? '{}',
      });
      return true;
    case 'function_call_output':
      history.add({
        role: 'tool',
        content: readTexts(item, 'output', TEXT_PARTS, TEXT_ONLY) ?? '',
        toolCallId: item.requiredString('call_id'),
      });
      return true;
    case 'reasoning': {
      const thought = readThought(item);
      if (thought !== '') history.thought(thought);
      return true;
    }
    case 'item_reference': {
      const param = item.pathOf('type');
      throw new EngineError('unsupported', `'${param}': nothing is kept here that 'item_reference' could name`, {
        param,
        hint: 'Send the items themselves.',
      });
    }
    default:
      return false;
  }
}

/** As an object to spread: a namespace that is empty is none. */
export function namespaceOf(fields: Fields): {namespace?: string} {
  const namespace = fields.string('namespace');
  return namespace ? {namespace} : {};
}

function readMessageItem(history: HistoryBuilder, item: Fields): void {
  const role = item.requiredString('role');
  const text = readTexts(item, 'content', TEXT_PARTS, TEXT_ONLY) ?? item.missing('content');
  if (role === 'assistant') history.text(text);
  else if (role === 'user') history.add({role, content: text});
  else if (role === 'system' || role === 'developer') history.add({role: 'system', content: text});
  else throw item.wrong('role', 'user, system, developer or assistant');
}
