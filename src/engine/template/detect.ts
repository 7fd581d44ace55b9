// Which template version a model was trained with, and how we know: files seldom say it in one place.

import {EngineError} from '../../base/errors.ts';
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

const newestFirst = () => templateVersions().reverse();

/**
 * The version that a file states for itself, where it states one and the user asked for none.
 * @throws EngineError `model_unsupported` for one that this program does not know: a guess would be a wrong prompt.
 */
export function statedVersion(path: string, text: string): TemplateVersion {
  const version = parseVersion(text);
  if (version) return version;
  throw new EngineError('model_unsupported', `${path} is for template ${text}, which this program does not know`, {
    hint: 'Give the nearest version with --template, if you know that it fits.',
  });
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
  const version = newestFirst().find((name) => {
    const {mark} = TEMPLATES[name];
    return mark && template.includes(mark.has) && !(mark.without && template.includes(mark.without));
  });
  if (!version) return undefined;
  const {has: mark = '', without} = TEMPLATES[version].mark ?? {};
  return {version, reason: `its chat template has ${mark}${without ? ` and no ${without}` : ''}`};
}

function fromVocabulary(tokenizer: ControlTokens, names: readonly string[]): DetectedVersion {
  const has = (name: string) => tokenizer.controlId(name) !== undefined;
  const byVocabulary = (version: TemplateVersion, sign: string) => ({version, reason: `its vocabulary ${sign}`});
  if (!has('[INST]')) return byVocabulary('v1', 'has no [INST] token');
  const signed = newestFirst().find((version) => has(TEMPLATES[version].sign ?? ''));
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
    const version = newestFirst().find((one) => TEMPLATES[one].names?.test(spelled));
    if (version && canCarry(tokenizer, version)) {
      return {version, reason: `models named like "${name}" use it, and the vocabulary allows it`};
    }
  }
  return undefined;
}
