// Makes a tokenizer from what a GGUF says about its vocabulary.
import {EngineError} from '../../base/errors.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {BYTE_LETTERS} from '../gguf/check/byte-letters.ts';
import type {GgufStrings} from '../gguf/metadata.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {isControlName} from './control-tokens.ts';
import type {Pieces} from './pieces.ts';
import {SPM_TYPE, SpmTokenizer} from './spm/spm.ts';
import {TekkenTokenizer} from './tekken/tekken.ts';

/** Whether the vocabulary is of a kind that our own tokenizers read. */
export function isOurFamily({metadata}: GgufFile): boolean {
  const model = metadata.string('tokenizer.ggml.model');
  return model === 'llama' || (model === 'gpt2' && metadata.string('tokenizer.ggml.pre') === 'tekken');
}

/**
 * `asFile`: what the file says of word marks and of the ids around a text counts, for vocabularies that are not Mistral's.
 * @throws EngineError model_invalid when there is no usable vocabulary, model_unsupported when it is of another family.
 */
export function ggufTokenizer({path, metadata}: GgufFile, asFile = false): Tokenizer {
  const strings = metadata.strings('tokenizer.ggml.tokens');
  const model = metadata.string('tokenizer.ggml.model');
  if (!strings || model === undefined) throw new EngineError('model_invalid', `${path} has no vocabulary`);
  const types = metadata.numbers('tokenizer.ggml.token_type') ?? new Float64Array(strings.count).fill(SPM_TYPE.normal);
  if (types.length !== strings.count) {
    throw new EngineError('model_invalid', `${path} has ${strings.count} tokens but ${types.length} token types`);
  }
  if (model === 'llama') {
    const scores = metadata.numbers('tokenizer.ggml.scores');
    if (scores?.length !== strings.count) {
      throw new EngineError('model_invalid', `${path} has ${strings.count} tokens but ${scores?.length ?? 0} scores`);
    }
    // Other converters' add_space_prefix is not asked: whatever it says, Mistral's templates expect the prefix.
    const isOurs = metadata.string('mistral.tokenizer.version') !== undefined;
    const saysNoPrefix = metadata.boolean('tokenizer.ggml.add_space_prefix') === false;
    return new SpmTokenizer({
      pieces: strings,
      scores: Float32Array.from(scores),
      types: Uint8Array.from(types),
      dummyPrefix: !((isOurs || asFile) && saysNoPrefix),
      added: 'apart',
      ...(asFile && {isTyped: true, ...endIds(metadata)}),
    });
  }
  const split = metadata.string('tokenizer.ggml.pre');
  if (model !== 'gpt2' || split !== 'tekken') {
    const name = split === undefined ? model : `${model}/${split}`;
    throw new EngineError('model_unsupported', `${path} has a "${name}" vocabulary, which is not one of Mistral's`, {
      hint: 'Mistral models have a SentencePiece ("llama") or tekken ("gpt2/tekken") vocabulary. --foreign tries another, with tokens that nobody proved.',
    });
  }
  return tekkenFromGguf(strings, types);
}

/** Added to the vocabulary as a piece of text, which no text becomes. */
const ADDED = 2;

/** The ids that the file has before and behind a text. */
function endIds(metadata: GgufFile['metadata']): {bos?: number; eos?: number} {
  const bos = metadata.number('tokenizer.ggml.bos_token_id');
  const eos = metadata.number('tokenizer.ggml.eos_token_id');
  return {...(bos !== undefined && {bos}), ...(eos !== undefined && {eos})};
}

function tekkenFromGguf(strings: GgufStrings, types: Float64Array): Tokenizer {
  const {count} = strings;
  const special = new Uint8Array(count);
  const pieces: Pieces = {
    count,
    bytes: new Uint8Array(strings.bytes.length),
    starts: new Uint32Array(count),
    lengths: new Uint32Array(count),
  };
  let at = 0;
  for (let id = 0; id < count; id++) {
    const start = strings.starts[id] as number;
    const end = start + (strings.lengths[id] as number);
    const isControl = isName(strings.bytes, start, end);
    const isText = types[id] === SPM_TYPE.normal && !isControl;
    special[id] = isText ? 0 : types[id] === SPM_TYPE.userDefined && !isControl ? ADDED : 1;
    pieces.starts[id] = at;
    if (isText) at = decodeByteAlphabet(strings.bytes, start, end, pieces.bytes, at);
    else {
      pieces.bytes.set(strings.bytes.subarray(start, end), at);
      at += end - start;
    }
    pieces.lengths[id] = at - (pieces.starts[id] as number);
  }
  return new TekkenTokenizer({pieces, special});
}

/** Whether a token is called like a control token; only brackets can begin such a name. */
function isName(bytes: Buffer, start: number, end: number): boolean {
  return (bytes[start] === 0x3c || bytes[start] === 0x5b) && isControlName(bytes.toString('utf8', start, end));
}

/** By code point of a letter, the byte it stands for. */
const BYTE_OF = new Uint8Array(0x144);
for (const [byte, letter] of BYTE_LETTERS.entries()) BYTE_OF[letter.charCodeAt(0)] = byte;

/** Writes the bytes that the letters in `from[start..end)` stand for at `at`; gives the end of what it wrote. */
function decodeByteAlphabet(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  let written = at;
  for (let i = start; i < end; i++) {
    const first = from[i] as number;
    const codePoint = first < 0x80 ? first : ((first & 0x1f) << 6) | ((from[++i] ?? 0) & 0x3f);
    to[written++] = BYTE_OF[codePoint] ?? 0;
  }
  return written;
}
