// A vocabulary from Hugging Face's tokenizer.json: the one Mistral's own file would have given.

import {TEMPLATES} from '../../contract/templates.ts';
import {isControlName, isReferenceName} from '../../tokenizer/control-tokens.ts';
import {SPM_TYPE} from '../../tokenizer/spm/spm.ts';
import {TEKKEN_PATTERN} from '../../tokenizer/tekken/tekken-split.ts';
import {spmScores} from './spm-scores.ts';
import {fromPrintable, tekkenMerges} from './tekken-merges.ts';
import {
  asObject,
  foreignTokenizer,
  invalidTokenizer,
  type JsonObject,
  mergedIds,
  parseTokenizerJson,
  stepName,
  type TokenizerJson,
} from './tokenizer-json.ts';
import {controlIds, type FolderClues, templateOf, type Vocabulary} from './vocabulary.ts';

export interface HfVocabulary {
  readonly vocabulary: Vocabulary;
  /** What was decided without the file saying it. */
  readonly notes: readonly string[];
}

/** What a vocabulary is before its template version is known. */
type Read = Omit<Vocabulary, 'template' | 'size'>;

const WORD_MARK = '\u2581';

/**
 * The pattern with which transformers first converted tekken, Llama 3's: the files of Small 3.1 and of all that was tuned
 * from them have it. The models were trained with Mistral's.
 */
const MISTAKEN_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/**
 * Reads a tokenizer.json; `clues` tell the template version, which it does not have.
 * @throws EngineError model_invalid for a damaged file, model_unsupported for a vocabulary that is not of Mistral's kinds.
 */
export function readHfVocabulary(path: string, file: Buffer, clues: FolderClues = {}): HfVocabulary {
  const json = parseTokenizerJson(path, file);
  const notes: string[] = [];
  const read = json.byteFallback ? readSpm(json, notes) : readTekken(json, notes);
  const controls = controlIds(read);
  for (const name of ['<s>', '</s>']) {
    if (!controls.has(name)) throw foreignTokenizer(path, `has no ${name} token`);
  }
  const found = templateOf(read, clues);
  const {version} = found.template;
  if (version && TEMPLATES[version].modelSettings === 'encoded' && found.modelSettings === undefined)
    notes.push(`neither tokenizer.json nor a chat template has the reasoning efforts of template ${version}.`);
  return {vocabulary: {...read, ...found, size: json.tokens.length}, notes};
}

function readSpm(json: TokenizerJson, notes: string[]): Read {
  const {path, tokens, merges} = json;
  const types = Uint8Array.from(tokens, (text, id) => spmType(json, text, id));
  const bytes = types.reduce((count, type) => count + Number(type === SPM_TYPE.byte), 0);
  if (bytes !== 256) throw invalidTokenizer(path, `has ${bytes} byte tokens instead of 256`);
  const saysPrefix = readsPrefix(json);
  const found = spmScores({tokens, isText: (id) => types[id] === SPM_TYPE.normal, merges, merged: mergedIds(json)});
  if (found === undefined) throw foreignTokenizer(path, 'merges in an order that no SentencePiece file has');
  if (found.fromMerges) notes.push('tokenizer.json merges in another order than that of its ids: its own is kept.');
  if (found.areMistrals && !saysPrefix) {
    notes.push(
      "tokenizer.json puts no space in front of a text; Mistral's tokenizer does, and so does the file written.",
    );
  }
  return {
    family: 'spm',
    tokens: tokens.map((text) => Buffer.from(text)),
    types,
    scores: found.scores,
    merges: [],
    dummyPrefix: saysPrefix || found.areMistrals,
  };
}

function spmType({unknown, added}: TokenizerJson, text: string, id: number): number {
  if (text === unknown) return SPM_TYPE.unknown;
  if (isControlName(text)) return SPM_TYPE.control;
  if (isReferenceName(text)) return SPM_TYPE.userDefined;
  const token = added.get(id);
  if (token) return token.special ? SPM_TYPE.control : SPM_TYPE.userDefined;
  return /^<0x[0-9A-F]{2}>$/.test(text) ? SPM_TYPE.byte : SPM_TYPE.normal;
}

/** Whether a text gets a word mark in front. Refuses what does more to a text than put word marks for spaces. */
function readsPrefix({path, normalizers, preTokenizers}: TokenizerJson): boolean {
  let marksSpaces = false;
  let prefix = false;
  for (const step of [...normalizers, ...preTokenizers]) {
    if (step.type === 'Prepend' && step.prepend === WORD_MARK) prefix = true;
    else if (step.type === 'Replace' && step.content === WORD_MARK && asObject(step.pattern)?.String === ' ') {
      marksSpaces = true;
    } else if (step.type === 'Metaspace' && step.replacement === WORD_MARK) {
      marksSpaces = true;
      // Older files say it in the second way.
      prefix ||= step.prepend_scheme === undefined ? step.add_prefix_space !== false : step.prepend_scheme !== 'never';
    } else throw foreignTokenizer(path, `changes texts in a way Mistral's do not (${stepName(step)})`);
  }
  if (!marksSpaces) throw foreignTokenizer(path, `does not put ${WORD_MARK} for spaces`);
  return prefix;
}

function readTekken(json: TokenizerJson, notes: string[]): Read {
  const {path, tokens, added} = json;
  checkPattern(json, notes);
  const types = Uint8Array.from(tokens, (text, id) =>
    added.has(id) || isControlName(text) ? SPM_TYPE.control : SPM_TYPE.normal,
  );
  const ranked: Uint8Array[] = [];
  for (const [id, text] of tokens.entries()) {
    if (types[id] !== SPM_TYPE.normal) continue;
    const bytes = fromPrintable(text);
    if (bytes === undefined) throw invalidTokenizer(path, `has the token ${id}, which does not stand for bytes`);
    ranked.push(bytes);
  }
  const single = new Set(ranked.flatMap((bytes) => (bytes.length === 1 ? [bytes[0]] : [])));
  if (single.size !== 256) throw invalidTokenizer(path, `has ${single.size} byte tokens instead of 256`);
  const merges = tekkenMerges(ranked);
  checkMerges(json, merges, notes);
  const typed = [...added.values()].filter(({text, special}) => !special && !isControlName(text));
  if (typed.length > 0) notes.push(`${typed.length} tokens that were added are not made from text.`);
  return {
    family: 'tekken',
    tokens: tokens.map((text) => Buffer.from(text)),
    types,
    scores: new Float32Array(tokens.length),
    merges,
    dummyPrefix: false,
  };
}

function checkPattern({path, ids, normalizers, preTokenizers}: TokenizerJson, notes: string[]): void {
  const [change] = normalizers;
  if (change) throw foreignTokenizer(path, `changes texts in a way Mistral's do not (${stepName(change)})`);
  const [split, bytes] = preTokenizers;
  if (preTokenizers.length !== 2 || !isSplit(split) || !isByteLevel(bytes)) {
    const names = preTokenizers.map(stepName).join(', ') || 'nothing';
    throw foreignTokenizer(path, `splits texts by ${names}, not as tekken does`);
  }
  const pattern = asObject(split.pattern)?.Regex;
  if (pattern === TEKKEN_PATTERN) return;
  if (pattern !== MISTAKEN_PATTERN || ids.get('<s>') !== 1 || ids.get('[INST]') !== 3) {
    throw foreignTokenizer(path, "splits texts by another pattern than Mistral's");
  }
  notes.push("tokenizer.json splits texts by Llama 3's pattern, a known mistake; Mistral's, as in training, is taken.");
}

function isSplit(step: JsonObject | undefined): step is JsonObject {
  return step?.type === 'Split' && step.behavior === 'Isolated' && step.invert !== true;
}

function isByteLevel(step: JsonObject | undefined): boolean {
  return step?.type === 'ByteLevel' && step.use_regex === false && step.add_prefix_space !== true;
}

/** Tekken merges by rank alone. Merges in another order are of another vocabulary; some may be left out. */
function checkMerges(json: TokenizerJson, expected: readonly string[], notes: string[]): void {
  const {path, merges} = json;
  if (merges.length === expected.length && merges.every(([left, right], i) => `${left} ${right}` === expected[i]))
    return;
  const ids = mergedIds(json);
  if (ids.some((id, i) => i > 0 && id < (ids[i - 1] ?? 0))) {
    throw foreignTokenizer(path, 'merges in another order than that of its ids');
  }
  notes.push(`tokenizer.json has ${merges.length} merges; the ${expected.length} that its ranks give are taken.`);
}
