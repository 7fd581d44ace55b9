// What a model can do beyond plain text: its template has a form for it, and its vocabulary the tokens.

import type {TemplateVersion} from '../contract/requests.ts';
import {TEMPLATES} from '../contract/templates.ts';
import type {ControlTokens} from './detect.ts';

export interface Abilities {
  readonly fim: boolean;
  readonly tools: boolean;
  readonly reasoning: boolean;
}

export function abilitiesOf(tokenizer: ControlTokens, version: TemplateVersion): Abilities {
  const row = TEMPLATES[version];
  const has = (name: string) => tokenizer.controlId(name) !== undefined;
  return {
    fim: row.fim !== 'refused' && has('[PREFIX]') && has('[SUFFIX]'),
    tools: row.toolCalls !== 'none' && has('[TOOL_CALLS]'),
    reasoning: row.thinking !== 'refused' && has('[THINK]'),
  };
}
