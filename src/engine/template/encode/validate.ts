// Refuses requests that have no token form, with mistral-common's meaning and order of checks.

import {Refusal, type RefusalClass} from '../../contract/refusal.ts';
import type {
  AssistantMessage,
  ChatCompletionRequest,
  Content,
  ContentChunk,
  Message,
  ToolCall,
  ToolMessage,
} from '../../contract/requests.ts';
import type {TemplateRow} from '../../contract/templates.ts';
import {CALL_ID_RULE, FUNCTION_NAME_RULE, isCallId, isFunctionName, NO_ID} from '../../contract/tool-names.ts';
import {refuseSettings} from '../model-settings.ts';
import {validateTools} from './check-tools.ts';

/**
 * `test`: what a history may be (mistral-common's default). `serving`: what a model can be asked to go on from, so that
 * every call also has its result and an id.
 */
export type ValidationMode = 'test' | 'serving';

const FOLLOWERS: Readonly<Record<Message['role'], readonly Message['role'][]>> = {
  system: ['user', 'assistant', 'system'],
  user: ['assistant', 'system', 'user'],
  assistant: ['assistant', 'user', 'tool'],
  tool: ['assistant', 'tool', 'user'],
};

const CONTENT_REFUSAL: Readonly<Record<Message['role'], RefusalClass>> = {
  system: 'InvalidSystemPromptException',
  user: 'InvalidUserMessageException',
  assistant: 'InvalidAssistantMessageException',
  tool: 'InvalidToolMessageException',
};

/** @throws Refusal with the path of the field at fault in `param`. */
export function validateRequest(request: ChatCompletionRequest, row: TemplateRow, mode: ValidationMode): void {
  const {messages} = request;
  validateStart(messages);
  if (messages.length > 1) validateEnd(messages);
  validateOrder(messages);
  if (row.results === 'matched') validateMatchedResults(messages, mode);
  else validateResultCount(messages, mode);
  messages.forEach((message, index) => {
    validateMessage(message, index, messages.length, row);
  });
  validateTools(request.tools ?? []);
  if (row.modelSettings === 'refused') refuseSettings(request);
}

function validateStart(messages: readonly Message[]): void {
  if (messages.length === 0) throw misplaced('messages', 'A conversation needs at least one message.');
  const role = messages[0]?.role;
  if (messages.length === 1 && role !== 'user' && role !== 'system') {
    throw misplaced('messages[0].role', `A conversation cannot consist of a message of the ${role} alone.`);
  }
}

function validateEnd(messages: readonly Message[]): void {
  const last = messages.at(-1);
  if (last?.role === 'assistant' && last.prefix !== true) {
    throw misplaced(
      `messages[${messages.length - 1}]`,
      'The last message is the assistant’s: there is nothing to answer.',
      {
        hint: 'Set "prefix": true on it, or continue_final_message, to have it continued.',
      },
    );
  }
}

function validateOrder(messages: readonly Message[]): void {
  messages.forEach((message, index) => {
    const previous = messages[index - 1]?.role;
    if (previous !== undefined && !FOLLOWERS[previous].includes(message.role)) {
      throw misplaced(`messages[${index}].role`, `A ${message.role} message cannot follow a ${previous} message.`);
    }
  });
}

const RESULTS_DIFFER = 'The number of tool results is not the number of tool calls before them.';

/** As in mistral-common the first message is not looked at, even if it holds calls. */
function validateResultCount(messages: readonly Message[], mode: ValidationMode): void {
  let missing = 0;
  messages.slice(1).forEach((message, index) => {
    if (message.role === 'tool') missing -= 1;
    if (message.role !== 'assistant') return;
    if (missing !== 0) throw misplaced(`messages[${index + 1}]`, RESULTS_DIFFER);
    missing = message.toolCalls?.length ?? 0;
  });
  if (missing !== 0 && mode === 'serving') throw misplaced('messages', RESULTS_DIFFER);
}

function validateMatchedResults(messages: readonly Message[], mode: ValidationMode): void {
  let called = new Set<string>();
  let answered = new Set<string | undefined>();
  messages.slice(1).forEach((message, index) => {
    const param = `messages[${index + 1}]`;
    if (message.role === 'tool') {
      const id = message.toolCallId;
      if (answered.has(id)) throw misplaced(`${param}.tool_call_id`, `Tool call ${id} has two results.`);
      if (id === undefined || !called.has(id)) {
        throw misplaced(`${param}.tool_call_id`, `There is no tool call ${id ?? 'without an id'} to answer.`);
      }
      answered.add(id);
    } else if (message.role === 'assistant') {
      if (called.size !== answered.size) throw misplaced(param, RESULTS_DIFFER);
      called = distinctIds(message.toolCalls ?? [], param);
      answered = new Set();
    }
  });
  if (called.size !== answered.size && mode === 'serving') throw misplaced('messages', RESULTS_DIFFER);
}

function distinctIds(calls: readonly ToolCall[], param: string): Set<string> {
  const ids = new Set<string>();
  calls.forEach((call, index) => {
    if (ids.has(call.id)) throw misplaced(`${param}.tool_calls[${index}].id`, `Two tool calls have the id ${call.id}.`);
    ids.add(call.id);
  });
  return ids;
}

function validateMessage(message: Message, index: number, count: number, row: TemplateRow): void {
  const param = `messages[${index}]`;
  validateChunks(message.role, message.content, row.chunks[message.role], param);
  if (message.role === 'assistant') {
    validateAssistant(message, row, param);
    if (message.prefix === true && index < count - 1) {
      throw new Refusal('InvalidAssistantMessageException', 'Only the last message can be a prefix.', {
        param: `${param}.prefix`,
      });
    }
  }
  if (message.role === 'tool') validateToolMessage(message, row, param);
}

function validateChunks(
  role: Message['role'],
  content: Content | undefined,
  allowed: readonly ContentChunk['type'][],
  param: string,
): void {
  if (content === undefined || typeof content === 'string') return;
  content.forEach((chunk, index) => {
    if (allowed.includes(chunk.type)) return;
    throw new Refusal(CONTENT_REFUSAL[role], `A ${role} message cannot hold a chunk of type ${chunk.type} here.`, {
      param: `${param}.content[${index}].type`,
    });
  });
}

function validateAssistant(message: AssistantMessage, row: TemplateRow, param: string): void {
  const hasText = (message.content?.length ?? 0) > 0;
  const calls = message.toolCalls ?? [];
  if (row.textWithCalls === 'refused' && hasText === calls.length > 0) {
    throw new Refusal(
      'InvalidAssistantMessageException',
      'An assistant message holds either text or tool calls in this template version: not both, and not neither.',
      {param},
    );
  }
  calls.forEach((call, index) => {
    validateCall(call, row, `${param}.tool_calls[${index}]`);
  });
}

function validateCall(call: ToolCall, row: TemplateRow, param: string): void {
  const refuse = (message: string, field: string): Refusal =>
    new Refusal('InvalidFunctionCallException', message, {param: `${param}.${field}`});
  if (row.callIds !== 'anything') {
    if (!isSet(call.id)) throw refuse('A tool call needs an id.', 'id');
    if (row.callIds === 'nine-alphanumerics' && !isCallId(call.id))
      throw refuse(`The tool call id "${call.id}" ${CALL_ID_RULE}.`, 'id');
  }
  if (!isFunctionName(call.name))
    throw refuse(`The function name "${call.name}" ${FUNCTION_NAME_RULE}.`, 'function.name');
}

function validateToolMessage(message: ToolMessage, row: TemplateRow, param: string): void {
  const {name, toolCallId} = message;
  if (name !== undefined && !isFunctionName(name)) {
    throw new Refusal('InvalidToolMessageException', `The function name "${name}" ${FUNCTION_NAME_RULE}.`, {
      param: `${param}.name`,
    });
  }
  if (row.callIds === 'anything') return;
  const field = {param: `${param}.tool_call_id`};
  if (row.callIds === 'any-text') {
    if (toolCallId !== undefined && isSet(toolCallId)) return;
    throw new Refusal('InvalidToolMessageException', NEEDS_CALL, field);
  }
  if (toolCallId === undefined) throw new Refusal('InvalidRequestException', NEEDS_CALL, field);
  if (isCallId(toolCallId)) return;
  throw new Refusal('InvalidToolMessageException', `The tool call id "${toolCallId}" ${CALL_ID_RULE}.`, field);
}

const NEEDS_CALL = 'A tool result needs the id of its call.';

function isSet(id: string): boolean {
  return id !== '' && id !== NO_ID;
}

function misplaced(param: string, message: string, options: {readonly hint?: string} = {}): Refusal {
  return new Refusal('InvalidMessageStructureException', message, {...options, param});
}
