// Whether a vocabulary is one of Mistral's, and which template versions it can carry.
import type {Token} from '../../contract/requests.ts';
import {TEMPLATES, type TemplateVersion, templateVersions} from '../../contract/templates.ts';

/** What of a vocabulary tells versions apart. */
export interface ControlTokens {
  readonly family: 'spm' | 'tekken';
  /** Id of a control token by its text; undefined when the vocabulary lacks it. */
  controlId(text: string): Token | undefined;
}

export interface VocabularyView extends ControlTokens {
  readonly size: number;
  /** A token's text: SentencePiece's own spelling, or the text that a tekken token stands for. */
  text(token: Token): string;
  /** The text of the token that ends an answer, where the file names one. */
  readonly end?: string | undefined;
}

/** The first merges of each family behind the bytes, and words far behind them. Source: mistral-common's vocabularies. */
const SPM = {
  first: '▁▁ ▁▁▁▁ ▁t in er ▁a he on re ▁s en at'.split(' '),
  later: [
    [1000, '▁such'],
    [5000, '▁Copyright'],
    [20_000, 'ENOMEM'],
  ] as const,
};
const TEKKEN = {
  first: ['  ', ' t', 'er', 'in', '    ', ' a', 'en', 'on', 'es', ' s', ' d', '\n\n'],
  later: [
    [2000, ' `'],
    [6000, ' Mal'],
    [21_000, '.client'],
  ] as const,
};
/** Of a tekken file: its special tokens, then the bytes. */
const TEKKEN_FIRST = 1000 + 256;
/** Control tokens stand before the bytes; the newest SentencePiece files have 771. */
const MOST_CONTROLS = 2000;

/** Whether the words are those of Mistral's vocabularies, whatever was added behind them. */
export function isMistrals(vocabulary: VocabularyView): boolean {
  const at = (id: number, text: string) => id < vocabulary.size && vocabulary.text(id) === text;
  if (vocabulary.family === 'tekken') {
    return (
      TEKKEN.first.every((text, i) => at(TEKKEN_FIRST + i, text)) && TEKKEN.later.every(([id, text]) => at(id, text))
    );
  }
  const bytes = firstByte(vocabulary);
  if (bytes === undefined) return false;
  const first = bytes + 256;
  return SPM.first.every((text, i) => at(first + i, text)) && SPM.later.every(([id, text]) => at(first + id, text));
}

function firstByte(vocabulary: VocabularyView): number | undefined {
  const most = Math.min(vocabulary.size, MOST_CONTROLS);
  for (let id = 0; id < most; id++) if (vocabulary.text(id) === '<0x00>') return id;
  return undefined;
}

/** Whether the vocabulary has every control token that the version cannot do without. */
export function canCarry({controlId}: ControlTokens, version: TemplateVersion): boolean {
  return TEMPLATES[version].needs.every((name) => controlId(name) !== undefined);
}

/** The versions that one of Mistral's vocabularies can carry, the most natural first; never none. */
export function carriedVersions(vocabulary: ControlTokens): readonly [TemplateVersion, ...TemplateVersion[]] {
  const has = (name: string) => vocabulary.controlId(name) !== undefined;
  if (!has('[INST]')) return ['v1'];
  const withCallId: readonly TemplateVersion[] = has('[CALL_ID]') ? ['v11'] : [];
  const signed = templateVersions()
    .toReversed()
    .find((version) => has(TEMPLATES[version].sign ?? ''));
  if (signed) return [signed, 'v13', ...withCallId];
  if (!has('[SYSTEM_PROMPT]')) return has('[PREFIX]') || vocabulary.family === 'tekken' ? ['v3'] : ['v2'];
  if (!has('[ARGS]')) return vocabulary.family === 'spm' ? ['v7'] : ['v7', 'v3'];
  return has('[CALL_ID]') && !has('[THINK]') ? ['v11', 'v13'] : ['v13', ...withCallId];
}

/** Tokens of other models' prompts: a vocabulary that was given one was tuned with another template. */
const FOREIGN_TOKENS = [
  '<|im_start|>',
  '<|im_end|>',
  '<|end_of_turn|>',
  '<|user|>',
  '<|assistant|>',
  '<start_of_turn>',
  '<|eot_id|>',
  '<|end|>',
];

/** What of the vocabulary says that its model has prompts of another kind, in words; undefined when nothing does. */
export function foreignSign({controlId, end = '</s>'}: VocabularyView): string | undefined {
  const strange = FOREIGN_TOKENS.filter((name) => controlId(name) !== undefined);
  if (strange.length > 0) return `its vocabulary has ${strange.join(' ')}`;
  return end === '</s>' ? undefined : `its answers end with ${end}`;
}
