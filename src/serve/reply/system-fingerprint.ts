// Which program and model an answer is of: the same seed gives the same answer while this stays the same.
import {createHash} from 'node:crypto';
import type {ModelInfo} from '../../engine/contract/backend.ts';

/** OpenAI's `system_fingerprint`. `build`: the version of the program. */
export function fingerprintOf(model: ModelInfo, build = ''): string {
  const {id, template, templateReason, chatTemplate, contextSize, device} = model;
  const facts = JSON.stringify([build, id, template, templateReason, chatTemplate, contextSize, device]);
  return `b${createHash('sha256').update(facts).digest('hex').slice(0, 12)}`;
}
