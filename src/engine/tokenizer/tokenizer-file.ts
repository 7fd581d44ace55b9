// Reads one tokenizer file, SentencePiece or tekken, and the version it states for itself.
import {basename} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError, isMissing} from '../../base/files/file-error.ts';
import {readRegular} from '../../base/files/regular-file.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {SpmTokenizer} from './spm/spm.ts';
import {parseSpm} from './spm/spm-file.ts';
import {TekkenTokenizer} from './tekken/tekken.ts';
import {parseTekken} from './tekken/tekken-file.ts';

export interface TokenizerFile {
  readonly tokenizer: Tokenizer;
  /** As the file states it ("v3", "v7m1"), not checked to be a version this program knows; undefined when it does not. */
  readonly version: string | undefined;
  /** The `model_settings_builder` of a tekken file, as it is written; undefined when it has none. */
  readonly modelSettings: string | undefined;
}

/** SentencePiece files carry their version in the name, or not at all. */
const SPM_NAME = /\.model(?:\.(v\d+(?:m\d+)?))?$/;

/** The version that the name of a SentencePiece file states. */
export const spmVersion = (name: string): string | undefined => SPM_NAME.exec(name)?.[1];

/** Whether a file of this name is a tokenizer, by mistral-common's naming rules. */
export function isTokenizerFile(name: string): boolean {
  return SPM_NAME.test(name) || isTekkenName(name);
}

function isTekkenName(name: string): boolean {
  return name.includes('tekken') && name.endsWith('.json');
}

/**
 * Reads a tokenizer file, or the `content` that is one; its family is known by its first byte, its version by name or content.
 * @throws EngineError model_not_found, io, model_invalid (not a tokenizer, damaged) or model_unsupported (another kind).
 */
export function readTokenizerFile(path: string, content?: Buffer): TokenizerFile {
  const file = content ?? contentOf(path);
  const isJson = /^\s*\{/.test(file.toString('latin1', 0, 64));
  if (isJson || isTekkenName(basename(path))) {
    const {header, vocabulary, modelSettings} = parseTekken(path, file);
    const {version} = header.config;
    if (version === undefined) throw new EngineError('model_invalid', `${path} states no version`);
    return {
      tokenizer: named(path, () => new TekkenTokenizer(vocabulary)),
      version,
      modelSettings,
    };
  }
  const version = spmVersion(basename(path));
  const vocabulary = parseSpm(path, file);
  return {tokenizer: named(path, () => new SpmTokenizer(vocabulary)), version, modelSettings: undefined};
}

/** Says in which file a vocabulary is at fault. */
function named(path: string, make: () => Tokenizer): Tokenizer {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, `${path}: ${error.message}`, {cause: error});
  }
}

function contentOf(path: string): Buffer {
  try {
    return readRegular(path);
  } catch (cause) {
    if (isMissing(cause)) throw new EngineError('model_not_found', `${path} does not exist`);
    throw fileError(cause, path, 'read');
  }
}
