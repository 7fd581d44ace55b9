// What a model can do beyond plain text: its template has a form for it, and its vocabulary the tokens.

import {TEMPLATES} from '../contract/templates.ts';
import {toolForm} from './foreign/tool-form.ts';
import type {DetectedTemplate} from './version/detect.ts';
import type {ControlTokens} from './version/mistral-vocabulary.ts';
import {isRendered} from './version/require-version.ts';

export interface Abilities {
  readonly chat: boolean;
  readonly fim: boolean;
  readonly tools: boolean;
  readonly reasoning: boolean;
}

export function abilitiesOf(tokenizer: ControlTokens, template: DetectedTemplate): Abilities {
  const row = template.version && TEMPLATES[template.version];
  const has = (name: string) => tokenizer.controlId(name) !== undefined;
  // The form of fill-in-the-middle is that of the tokens, whatever the chats are.
  const fim = row?.fim !== 'refused' && has('[PREFIX]') && has('[SUFFIX]');
  if (row === undefined) {
    const chat = isRendered(template);
    return {chat, fim, tools: chat && toolForm(template.printed).isOffered, reasoning: false};
  }
  return {
    chat: true,
    fim,
    tools: row.toolCalls !== 'none' && has('[TOOL_CALLS]'),
    reasoning: row.thinking !== 'refused' && has('[THINK]'),
  };
}
