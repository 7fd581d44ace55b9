// Reads a SentencePiece model file (protobuf ModelProto): pieces, scores, types and what it does to text before.
import {EngineError} from '../errors.ts';
import type {Pieces} from './pieces.ts';
import {SPM_TYPE, type SpmVocabulary} from './spm.ts';

/** Field numbers of sentencepiece_model.proto. */
const MODEL = {piece: 1, trainer: 2, normalizer: 3};
const PIECE = {text: 1, score: 2, type: 3};
const TRAINER = {modelType: 3};
const NORMALIZER = {charsMap: 2, dummyPrefix: 3, removeExtraSpaces: 4, escapeSpaces: 5};
const BPE = 2;

interface Field {
  readonly number: number;
  /** Varints and 32-bit values as a number. */
  readonly value: number;
  /** Where a length-delimited value lies. */
  readonly start: number;
  readonly end: number;
}

/**
 * @throws EngineError model_invalid for bytes that are no SentencePiece model, unsupported for one that is not BPE or
 * that changes text in ways Mistral's files do not.
 */
export function parseSpm(path: string, file: Buffer): SpmVocabulary {
  const places: Field[] = [];
  let modelType = 1;
  const normalizer = new Map([
    [NORMALIZER.dummyPrefix, 1],
    [NORMALIZER.removeExtraSpaces, 1],
    [NORMALIZER.escapeSpaces, 1],
  ]);
  const invalid = () => new EngineError('model_invalid', `${path} is not a SentencePiece model`);
  for (const field of fields(file, 0, file.length, invalid)) {
    if (field.number === MODEL.piece) places.push(field);
    else if (field.number === MODEL.trainer) {
      for (const {number, value} of fields(file, field.start, field.end, invalid)) {
        if (number === TRAINER.modelType) modelType = value;
      }
    } else if (field.number === MODEL.normalizer) {
      for (const {number, value, start, end} of fields(file, field.start, field.end, invalid)) {
        normalizer.set(number, number === NORMALIZER.charsMap ? end - start : value);
      }
    }
  }
  if (places.length === 0) throw invalid();
  const rewrites =
    normalizer.get(NORMALIZER.charsMap) || normalizer.get(NORMALIZER.removeExtraSpaces) || !normalizer.get(5);
  if (modelType !== BPE || rewrites) {
    const what = modelType !== BPE ? 'is not a BPE model' : 'normalises text before it encodes';
    throw new EngineError('unsupported', `${path} ${what}; Mistral's SentencePiece files do not`);
  }
  return {...readPieces(file, places, invalid), dummyPrefix: normalizer.get(NORMALIZER.dummyPrefix) === 1};
}

function readPieces(file: Buffer, places: readonly Field[], invalid: () => EngineError) {
  const count = places.length;
  const pieces: Pieces = {count, bytes: file, starts: new Uint32Array(count), lengths: new Uint32Array(count)};
  const scores = new Float32Array(count);
  const types = new Uint8Array(count).fill(SPM_TYPE.normal);
  places.forEach((place, id) => {
    for (const {number, value, start, end} of fields(file, place.start, place.end, invalid)) {
      if (number === PIECE.text) {
        pieces.starts[id] = start;
        pieces.lengths[id] = end - start;
      } else if (number === PIECE.score) scores[id] = file.readFloatLE(start);
      else if (number === PIECE.type) types[id] = value;
    }
  });
  return {pieces, scores, types};
}

function* fields(file: Buffer, start: number, end: number, invalid: () => EngineError): Generator<Field> {
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
    let value = 0;
    if (wire === 0) value = varint();
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : wire === 0 ? 0 : end;
    if (number === 0 || at + length > end) throw invalid();
    yield {number, value, start: at, end: at + length};
    at += length;
  }
}
