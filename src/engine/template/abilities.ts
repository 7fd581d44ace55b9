// What a model can do beyond plain text: its template has a form for it, and its vocabulary the tokens.

import type {TemplateVersion} from '../contract/requests.ts';
import {TEMPLATES} from '../contract/templates.ts';
import type {ControlTokens} from './version/mistral-vocabulary.ts';

export interface Abilities {
  readonly chat: boolean;
  readonly fim: boolean;
  readonly tools: boolean;
  readonly reasoning: boolean;
}

export function abilitiesOf(tokenizer: ControlTokens, version: TemplateVersion | undefined): Abilities {
  const row = version && TEMPLATES[version];
  const has = (name: string) => tokenizer.controlId(name) !== undefined;
  return {
    chat: row !== undefined,
    // The form of fill-in-the-middle is that of the tokens, whatever the chats are.
    fim: row?.fim !== 'refused' && has('[PREFIX]') && has('[SUFFIX]'),
    tools: row !== undefined && row.toolCalls !== 'none' && has('[TOOL_CALLS]'),
    reasoning: row !== undefined && row.thinking !== 'refused' && has('[THINK]'),
  };
}
