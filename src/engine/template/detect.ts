// Which template version a model was trained with, and how we know: files seldom say it in one place.

import type {TemplateVersion} from '../contract/requests.ts';
import {TEMPLATES, templateVersions} from '../contract/templates.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';

export interface DetectedVersion {
  readonly version: TemplateVersion;
  /** Why this version, in words that complete "template v3: …". */
  readonly reason: string;
}

/** What is known about a model, strongest first. */
export interface VersionClues {
  /** What the user asked for. */
  readonly flag?: TemplateVersion | undefined;
  /** `mistral.tokenizer.version` of a GGUF, as our own conversion writes it. */
  readonly ownKey?: string | undefined;
  /** A tokenizer file of the same vocabulary: its name and the version it states. */
  readonly tokenizerFile?: {readonly name: string; readonly version: TemplateVersion} | undefined;
  /** `tokenizer.chat_template` of a GGUF: a Jinja template or the nickname llama.cpp's converter writes. */
  readonly chatTemplate?: string | undefined;
  /** Names of the model, such as `general.name` and the file name. */
  readonly names?: readonly string[] | undefined;
}

/** What of a vocabulary tells versions apart. */
export type ControlTokens = Pick<Tokenizer, 'family' | 'controlId'>;

/** The version a text like "v7" names, also as the suffix of a multimodal file ("v7m1"). */
export function parseVersion(text: string): TemplateVersion | undefined {
  const version = text.replace(/m\d+$/, '');
  return Object.hasOwn(TEMPLATES, version) ? (version as TemplateVersion) : undefined;
}

/**
 * Decides the template version. A clue that contradicts the vocabulary (a v13 template over a vocabulary without
 * [ARGS]) is passed over, except the user's own word.
 */
export function detectVersion(clues: VersionClues, tokenizer: ControlTokens): DetectedVersion {
  if (clues.flag) return {version: clues.flag, reason: 'as asked for'};
  const found = [
    fromOwnKey(clues.ownKey),
    clues.tokenizerFile && {
      version: clues.tokenizerFile.version,
      reason: `the tokenizer file ${clues.tokenizerFile.name} says so`,
    },
    fromChatTemplate(clues.chatTemplate),
  ];
  return (
    found.find((clue) => clue && canCarry(tokenizer, clue.version)) ?? fromVocabulary(tokenizer, clues.names ?? [])
  );
}

function fromOwnKey(value: string | undefined): DetectedVersion | undefined {
  const version = value === undefined ? undefined : parseVersion(value);
  return version && {version, reason: 'the model file says so (mistral.tokenizer.version)'};
}

function canCarry(tokenizer: ControlTokens, version: TemplateVersion): boolean {
  return TEMPLATES[version].needs.every((name) => tokenizer.controlId(name) !== undefined);
}

const NICKNAME = /^mistral-(v\d+)(-tekken)?$/;

function fromChatTemplate(template: string | undefined): DetectedVersion | undefined {
  if (template === undefined) return undefined;
  const nickname = NICKNAME.exec(template.trim());
  const named = nickname?.[1] === undefined ? undefined : parseVersion(nickname[1]);
  if (named) return {version: named, reason: `its chat template is the name "${template.trim()}"`};
  const newest = templateVersions().reverse();
  const version = newest.find((name) => {
    const {mark} = TEMPLATES[name];
    return mark && template.includes(mark.has) && !(mark.without && template.includes(mark.without));
  });
  if (!version) return undefined;
  const {has: mark = '', without} = TEMPLATES[version].mark ?? {};
  return {version, reason: `its chat template has ${mark}${without ? ` and no ${without}` : ''}`};
}

/** Tekken models of which the vocabulary alone leaves two versions. */
const NAMES: readonly (readonly [pattern: RegExp, version: TemplateVersion])[] = [
  [/nemo|ministral-8b|pixtral-12b|mistral-small.*2409/, 'v3'],
  [/mistral-small.*(3\.2|2506)/, 'v11'],
  [/magistral|devstral|ministral-3|mistral-large-3/, 'v13'],
  [/mistral-small.*(24b|3\.[01]|250[13])|pixtral-large|mistral-large.*2411|voxtral/, 'v7'],
];

function fromVocabulary(tokenizer: ControlTokens, names: readonly string[]): DetectedVersion {
  const has = (name: string) => tokenizer.controlId(name) !== undefined;
  const byVocabulary = (version: TemplateVersion, sign: string) => ({version, reason: `its vocabulary ${sign}`});
  if (!has('[INST]')) return byVocabulary('v1', 'has no [INST] token');
  const signed = templateVersions()
    .reverse()
    .find((version) => has(TEMPLATES[version].sign ?? ''));
  if (signed) return byVocabulary(signed, `has ${TEMPLATES[signed].sign}`);
  if (!has('[SYSTEM_PROMPT]')) {
    return has('[PREFIX]') || tokenizer.family === 'tekken'
      ? byVocabulary('v3', 'has [INST] and no [SYSTEM_PROMPT]')
      : byVocabulary('v2', 'has [INST] and no [PREFIX]');
  }
  if (tokenizer.family === 'spm' && !has('[ARGS]')) return byVocabulary('v7', 'has [SYSTEM_PROMPT] and no [ARGS]');
  // Left: tekken with [SYSTEM_PROMPT] is v3 or v7, with [ARGS] v11 or v13.
  const named = fromNames(tokenizer, names);
  if (named) return named;
  if (!has('[ARGS]'))
    return byVocabulary('v7', 'has [SYSTEM_PROMPT] and no [ARGS]; v3 is possible too (--template v3)');
  if (has('[THINK]') || !has('[CALL_ID]'))
    return byVocabulary('v13', 'has [ARGS]; v11 is possible too (--template v11)');
  return byVocabulary('v11', 'has [ARGS] and [CALL_ID] and no [THINK]; v13 is possible too (--template v13)');
}

function fromNames(tokenizer: ControlTokens, names: readonly string[]): DetectedVersion | undefined {
  for (const name of names) {
    const spelled = name.toLowerCase().replace(/[\s_]+/g, '-');
    const version = NAMES.find(([pattern]) => pattern.test(spelled))?.[1];
    if (version && canCarry(tokenizer, version)) {
      return {version, reason: `models named like "${name}" use it, and the vocabulary allows it`};
    }
  }
  return undefined;
}
