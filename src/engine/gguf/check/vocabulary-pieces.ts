// Whether a vocabulary is one llama.cpp can index: pieces that differ, and one for every byte.
import type {GgufStrings} from '../metadata.ts';
import {BYTE_LETTERS} from './byte-letters.ts';
import {type Figures, LARGEST} from './figures.ts';

/** @throws EngineError `model_invalid`: llama.cpp v0.5.0 asserts that pieces differ, and throws past us for a missing byte. */
export function checkPieces(figures: Figures, pieces: GgufStrings): void {
  if (pieces.count > LARGEST.vocabulary) figures.refuse(`the vocabulary has ${pieces.count} pieces`);
  const all = new Set<string>();
  for (let i = 0; i < pieces.count; i++) {
    const start = pieces.starts[i] as number;
    const length = pieces.lengths[i] as number;
    // The name llama.cpp gives to a piece without text.
    const piece = length === 0 ? `[EMPTY_${i}]` : pieces.bytes.toString('latin1', start, start + length);
    if (all.has(piece)) figures.refuse(`the vocabulary holds piece ${i} twice`);
    all.add(piece);
  }
  const {metadata} = figures.file;
  const model = metadata.string('tokenizer.ggml.model');
  // Vocabularies of others lack bytes that no text has; llama.cpp leaves such a byte out, and asks for the newline.
  const isTekken = metadata.string('tokenizer.ggml.pre') === 'tekken';
  for (let byte = 0; byte < 256; byte++) {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    if (model === 'llama' && !all.has(name) && !all.has(String.fromCharCode(byte))) {
      figures.refuse(`the vocabulary lacks the byte piece ${name}`);
    }
    const isNeeded = model === 'gpt2' && (isTekken || byte === NEWLINE);
    if (isNeeded && !all.has(asBytes(BYTE_LETTERS[byte] as string))) {
      figures.refuse(`the vocabulary lacks a letter for the byte 0x${byte.toString(16).padStart(2, '0')}`);
    }
  }
}

const NEWLINE = 0x0a;

/** A text as UTF-8, read byte by byte: so the pieces are compared. */
const asBytes = (text: string) => Buffer.from(text).toString('latin1');
