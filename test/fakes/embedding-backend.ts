// A backend that gives the length of a text, or the ids of its tokens, as a vector.
import type {Embedding} from '../../src/engine/contract/backend.ts';
import {ScriptedBackend} from './scripted-backend.ts';

export class EmbeddingBackend extends ScriptedBackend {
  async embed(input: string | readonly number[]): Promise<Embedding> {
    const vector = typeof input === 'string' ? [input.length, 0.5] : [...input];
    return {vector: Float32Array.from(vector), pooling: 'mean', tokens: input.length + 1};
  }
}
