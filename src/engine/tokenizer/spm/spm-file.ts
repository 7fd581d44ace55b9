// Reads a SentencePiece model file (protobuf ModelProto): pieces, scores, types and what it does to text before.
import {EngineError} from '../../../base/errors.ts';
import type {Pieces} from '../pieces.ts';
import {SPM_TYPE, type SpmVocabulary} from './spm.ts';

/** Field numbers of sentencepiece_model.proto. */
const MODEL = {piece: 1, trainer: 2, normalizer: 3};
const PIECE = {text: 1, score: 2, type: 3};
const TRAINER = {modelType: 3};
const NORMALIZER = {charsMap: 2, dummyPrefix: 3, removeExtraSpaces: 4, escapeSpaces: 5};
const BPE = 2;

/** Called with each field: `value` of varints, `start` and `end` of the bytes of other values. */
type OnField = (number: number, value: number, start: number, end: number) => void;

/**
 * @throws EngineError model_invalid for bytes that are no SentencePiece model, model_unsupported for one that is not BPE or
 * that changes text in ways Mistral's files do not.
 */
export function parseSpm(path: string, file: Buffer): SpmVocabulary {
  const starts: number[] = [];
  const ends: number[] = [];
  let modelType = 1;
  const normalizer = new Map([
    [NORMALIZER.dummyPrefix, 1],
    [NORMALIZER.removeExtraSpaces, 1],
    [NORMALIZER.escapeSpaces, 1],
  ]);
  const invalid = () => new EngineError('model_invalid', `${path} is not a SentencePiece model`);
  const walk = (start: number, end: number, onField: OnField) => walkFields(file, start, end, onField, invalid);
  walk(0, file.length, (number, _, start, end) => {
    if (number === MODEL.piece) {
      starts.push(start);
      ends.push(end);
    } else if (number === MODEL.trainer) {
      walk(start, end, (field, value) => {
        if (field === TRAINER.modelType) modelType = value;
      });
    } else if (number === MODEL.normalizer) {
      walk(start, end, (field, value, from, to) => {
        normalizer.set(field, field === NORMALIZER.charsMap ? to - from : value);
      });
    }
  });
  if (starts.length === 0) throw invalid();
  const rewrites =
    normalizer.get(NORMALIZER.charsMap) || normalizer.get(NORMALIZER.removeExtraSpaces) || !normalizer.get(5);
  if (modelType !== BPE || rewrites) {
    const what = modelType !== BPE ? 'is not a BPE model' : 'normalises text before it encodes';
    throw new EngineError('model_unsupported', `${path} ${what}; Mistral's SentencePiece files do not`);
  }
  return {...readPieces(file, starts, ends, walk), dummyPrefix: normalizer.get(NORMALIZER.dummyPrefix) === 1};
}

function readPieces(
  file: Buffer,
  from: readonly number[],
  to: readonly number[],
  walk: (start: number, end: number, onField: OnField) => void,
): Omit<SpmVocabulary, 'dummyPrefix'> {
  const count = from.length;
  const pieces: Pieces = {count, bytes: file, starts: new Uint32Array(count), lengths: new Uint32Array(count)};
  const scores = new Float32Array(count);
  const types = new Uint8Array(count).fill(SPM_TYPE.normal);
  let id = 0;
  const onField: OnField = (number, value, start, end) => {
    if (number === PIECE.text) {
      pieces.starts[id] = start;
      pieces.lengths[id] = end - start;
    } else if (number === PIECE.score) scores[id] = file.readFloatLE(start);
    else if (number === PIECE.type) types[id] = value;
  };
  for (; id < count; id++) walk(from[id] as number, to[id] as number, onField);
  return {pieces, scores, types};
}

/** Protobuf's wire format: a tag, then a varint, four or eight bytes, or a length and as many bytes. */
function walkFields(file: Buffer, start: number, end: number, onField: OnField, invalid: () => EngineError): void {
  let at = start;
  const varint = () => {
    let value = 0;
    for (let factor = 1; at < end; factor *= 128) {
      const byte = file[at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw invalid();
  };
  while (at < end) {
    const tag = varint();
    const wire = tag % 8;
    const number = Math.floor(tag / 8);
    const value = wire === 0 ? varint() : 0;
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : wire === 0 ? 0 : Infinity;
    if (number === 0 || at + length > end) throw invalid();
    onField(number, value, at, at + length);
    at += length;
  }
}
