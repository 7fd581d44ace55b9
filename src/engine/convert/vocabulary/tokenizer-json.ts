// Reads Hugging Face's tokenizer.json as far as every byte-pair vocabulary has it: tokens by id, merges, what is done before.
import {EngineError} from '../../../base/errors.ts';
import {JSON_FILE, RECOGNISE_BYTES, recognise} from '../../../base/files/recognise-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface AddedToken {
  readonly text: string;
  /** Whether it stands for something other than text. */
  readonly special: boolean;
}

export interface TokenizerJson {
  readonly path: string;
  /** Texts by id, without holes: the vocabulary and what was added to it. */
  readonly tokens: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  /** By id. */
  readonly added: ReadonlyMap<number, AddedToken>;
  /** In their order. */
  readonly merges: readonly Pair[];
  readonly unknown: string;
  readonly byteFallback: boolean;
  /** Steps in order, sequences of steps unfolded. */
  readonly normalizers: readonly JsonObject[];
  readonly preTokenizers: readonly JsonObject[];
}

export type Pair = readonly [left: string, right: string];

const AGAIN = 'Fetch it again from where the weights came from.';
const OWN = "Only Mistral's vocabularies can be converted: SentencePiece BPE with byte fallback, or tekken.";

export function invalidTokenizer(path: string, why: string): EngineError {
  return new EngineError('model_invalid', `${path} ${why}`, {hint: AGAIN});
}

export function foreignTokenizer(path: string, why: string): EngineError {
  return new EngineError('model_unsupported', `${path} ${why}`, {hint: OWN});
}

/**
 * @throws EngineError model_invalid for a file that is no tokenizer.json or contradicts itself, model_unsupported for a
 * vocabulary that is not merged from pairs.
 */
export function parseTokenizerJson(path: string, file: Buffer): TokenizerJson {
  const invalid = (why: string) => invalidTokenizer(path, why);
  const root = asObject(parse(path, file));
  const model = asObject(root?.model);
  if (!root || !model) throw invalid('is not a tokenizer: it has no "model"');
  if (model.type !== undefined && model.type !== 'BPE')
    throw foreignTokenizer(path, `is a ${named(model.type)} tokenizer`);
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[key]) throw foreignTokenizer(path, `marks parts of words by "${key}"`);
  }
  const vocab = asObject(model.vocab);
  if (!vocab || !Array.isArray(model.merges))
    throw invalid('is not a tokenizer: its "model" lacks "vocab" or "merges"');
  const added = readAdded(root.added_tokens ?? [], invalid);
  const {tokens, ids} = byId(vocab, added, invalid);
  return {
    path,
    tokens,
    ids,
    added,
    merges: model.merges.map((merge, rank) => readMerge(merge, rank, invalid)),
    unknown: typeof model.unk_token === 'string' ? model.unk_token : '<unk>',
    byteFallback: model.byte_fallback === true,
    normalizers: steps(root.normalizer, 'normalizers'),
    preTokenizers: steps(root.pre_tokenizer, 'pretokenizers'),
  };
}

function parse(path: string, file: Buffer): unknown {
  const foreign = recognise(file.subarray(0, RECOGNISE_BYTES));
  if (foreign?.kind !== JSON_FILE) {
    const hint = foreign?.hint ?? AGAIN;
    throw new EngineError('model_invalid', `${path} is ${foreign?.kind ?? 'no JSON'}, not a tokenizer`, {hint});
  }
  try {
    return parsePlainJson(file);
  } catch (cause) {
    throw new EngineError('model_invalid', `${path} is not valid JSON: ${(cause as Error).message}`, {
      hint: AGAIN,
      cause,
    });
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function named(type: unknown): string {
  return typeof type === 'string' && /^\w{1,40}$/.test(type) ? type : 'nameless';
}

type Invalid = (why: string) => EngineError;

function readAdded(list: unknown, invalid: Invalid): Map<number, AddedToken> {
  if (!Array.isArray(list)) throw invalid('is not a tokenizer: its "added_tokens" are no list');
  const added = new Map<number, AddedToken>();
  for (const item of list) {
    const {id, content, special} = asObject(item) ?? {};
    if (!isId(id) || typeof content !== 'string' || content === '')
      throw invalid('has an added token without id or text');
    if (added.has(id)) throw invalid(`has two added tokens with the id ${id}`);
    added.set(id, {text: content, special: special === true});
  }
  return added;
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** Every id from 0 has to have one text and every text one id. */
function byId(vocab: JsonObject, added: ReadonlyMap<number, AddedToken>, invalid: Invalid) {
  const texts = new Map<number, string>();
  const ids = new Map<string, number>();
  const set = (text: string, id: unknown) => {
    if (!isId(id)) throw invalid('has a token whose id is no number');
    const other = texts.get(id);
    if (other !== undefined && other !== text) throw invalid(`has two tokens with the id ${id}`);
    const known = ids.get(text);
    if (known !== undefined && known !== id) throw invalid(`has one token with the ids ${known} and ${id}`);
    texts.set(id, text);
    ids.set(text, id);
  };
  for (const text in vocab) set(text, vocab[text]);
  for (const [id, {text}] of added) set(text, id);
  const tokens = Array.from({length: texts.size}, (_, id) => {
    const text = texts.get(id);
    if (text === undefined) throw invalid(`has ${texts.size} tokens and none with the id ${id}`);
    return text;
  });
  return {tokens, ids};
}

/** A merge is a pair, in older files a text with a space between the two. */
function readMerge(merge: unknown, rank: number, invalid: Invalid): Pair {
  const pair: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
  const [left, right] = pair;
  if (pair.length === 2 && typeof left === 'string' && typeof right === 'string') return [left, right];
  throw invalid(`has a merge that is no pair, number ${rank}`);
}

/** The id of what each merge makes. Throws EngineError model_invalid when a merge is of tokens that are not there. */
export function mergedIds({path, merges, ids}: TokenizerJson): number[] {
  return merges.map(([left, right], rank) => {
    const id = ids.get(left + right);
    if (id !== undefined && ids.has(left) && ids.has(right)) return id;
    throw invalidTokenizer(path, `merges tokens that it does not have, in merge ${rank}`);
  });
}

/** A step, or those of a sequence. A sequence within a sequence stays one: nobody writes it. */
function steps(value: unknown, members: string): readonly JsonObject[] {
  const step = asObject(value);
  if (!step) return [];
  if (step.type !== 'Sequence') return [step];
  const list = step[members];
  return Array.isArray(list) ? list.map((item) => asObject(item) ?? {}) : [step];
}

/** What a step is called in a message. */
export function stepName(step: JsonObject): string {
  return named(step.type);
}
