// The messages of a Messages request as a conversation: blocks of text, thoughts, calls and results.
import {dumpsJson, isJsonArray, isJsonObject, type Json} from '../../../base/json.ts';
import type {Message} from '../../../engine/contract/requests.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {fieldsOf} from '../dialect-call.ts';
import {asPrefix} from '../fitted-history.ts';
import {HistoryBuilder} from '../history-builder.ts';
import {offeredName} from '../offered-names.ts';
import {readTexts, refuseType} from '../text-parts.ts';

const TEXT_BLOCKS = new Map([['text', 'text']]);

/** What claude-code puts in front of its system prompt; it differs from version to version, and is no instruction. */
const BILLING = 'x-anthropic-billing-header:';

/** The text of `system`, its blocks joined without a separator; undefined when there is none. */
export function readSystem(fields: Fields): string | undefined {
  const blocks = fields.get('system');
  const [first] = isJsonArray(blocks) ? blocks : [];
  const text = isJsonObject(first) ? first.get('text') : undefined;
  if (!isJsonArray(blocks) || typeof text !== 'string' || !text.startsWith(BILLING)) {
    return readTexts(fields, 'system', TEXT_BLOCKS) || undefined;
  }
  const rest = fieldsOf(new Map([['system', blocks.slice(1)]]));
  return readTexts(rest, 'system', TEXT_BLOCKS) || undefined;
}

export interface ReadHistory {
  readonly messages: readonly Message[];
  readonly told: readonly string[];
}

/** @throws Refusal, EngineError `unsupported` with the path of the block at fault. */
export function readHistory(list: readonly Json[]): ReadHistory {
  const history = new HistoryBuilder('');
  const told: string[] = [];
  list.forEach((json, index) => {
    const message = fieldsOf(json, `messages[${index}]`);
    const role = message.requiredString('role');
    if (role === 'assistant') readAssistant(history, message, told);
    else if (role === 'user') readUser(history, message);
    else history.add({role: 'system', content: readTexts(message, 'content', TEXT_BLOCKS) ?? ''});
  });
  return {messages: asPrefix(history.messages()), told};
}

function blocksOf(message: Fields): Fields[] | undefined {
  const content = message.get('content');
  if (!isJsonArray(content)) return undefined;
  return content.map((block, index) => fieldsOf(block, `${message.pathOf('content')}[${index}]`));
}

function readAssistant(history: HistoryBuilder, message: Fields, told: string[]): void {
  history.startAnswer();
  const blocks = blocksOf(message);
  if (blocks === undefined) history.text(message.requiredString('content'));
  for (const block of blocks ?? []) readAnswerBlock(history, block, told);
}

function readAnswerBlock(history: HistoryBuilder, block: Fields, told: string[]): void {
  const type = block.requiredString('type');
  switch (type) {
    case 'text':
      history.text(block.requiredString('text'));
      break;
    case 'thinking':
      if (block.requiredString('thinking') !== '') history.thought(block.requiredString('thinking'));
      break;
    case 'tool_use':
      history.call({
        id: block.requiredString('id'),
        name: offeredName({name: block.requiredString('name')}),
        arguments: readInput(block),
      });
      break;
    case 'image':
    case 'document':
    case 'search_result':
      refuseType(block);
      break;
    default:
      told.push(`${block.path}: a block of type '${type}' is passed over`);
  }
}

/** In Python's spelling, as the models write it. */
function readInput(block: Fields): string {
  const input = block.get('input') ?? new Map<string, Json>();
  if (!isJsonObject(input)) throw block.wrong('input', 'an object');
  return dumpsJson(input, {ensureAscii: true});
}

/** Results come first, whatever the order of the blocks: they answer the message before. */
function readUser(history: HistoryBuilder, message: Fields): void {
  const blocks = blocksOf(message);
  if (blocks === undefined) {
    history.add({role: 'user', content: message.requiredString('content')});
    return;
  }
  const isResult = (block: Fields) => block.string('type') === 'tool_result';
  for (const block of blocks.filter(isResult)) {
    history.add({
      role: 'tool',
      content: readTexts(block, 'content', TEXT_BLOCKS) ?? '',
      toolCallId: block.requiredString('tool_use_id'),
    });
  }
  const texts = blocks.filter((block) => !isResult(block)).map(readUserText);
  if (texts.length > 0 || blocks.length === 0) history.add({role: 'user', content: texts.join('')});
}

function readUserText(block: Fields): string {
  return block.requiredString('type') === 'text' ? block.requiredString('text') : refuseType(block);
}
