// The control tokens Mistral's vocabularies know by name.

import {TEMPLATES, templateVersions} from '../contract/templates.ts';

/** Specials of tekken files that list none (up to v7), by id. Source: mistral-common's built-in list. */
export const TEKKEN_SPECIALS: readonly string[] = [
  '<unk>',
  '<s>',
  '</s>',
  '[INST]',
  '[/INST]',
  '[AVAILABLE_TOOLS]',
  '[/AVAILABLE_TOOLS]',
  '[TOOL_RESULTS]',
  '[/TOOL_RESULTS]',
  '[TOOL_CALLS]',
  '[IMG]',
  '<pad>',
  '[IMG_BREAK]',
  '[IMG_END]',
  '[PREFIX]',
  '[MIDDLE]',
  '[SUFFIX]',
  '[SYSTEM_PROMPT]',
  '[/SYSTEM_PROMPT]',
  '[TOOL_CONTENT]',
];

const AUDIO_SPECIALS = ['[AUDIO]', '[BEGIN_AUDIO]', '[TRANSCRIBE]'];

let names: ReadonlySet<string> | undefined;

/** Whether a piece of this text is a control token, whatever type a converter gave it. */
export function isControlName(text: string): boolean {
  names ??= new Set([...TEKKEN_SPECIALS, ...AUDIO_SPECIALS, ...rowControls()]);
  return names.has(text);
}

const rowControls = () => templateVersions().flatMap((version) => TEMPLATES[version].controls ?? []);

/** Whether a piece of this text is one of Mistral's user-defined pieces, whatever type a converter gave it. */
export function isReferenceName(text: string): boolean {
  return /^\[(\/?REF|REFERENCE_DOC_\d+)\]$/.test(text);
}
