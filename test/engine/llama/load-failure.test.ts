import {describe, expect, test} from 'vitest';
import {explainLoadFailure, loadFailure} from '../../../src/engine/llama/load-failure.ts';

describe('loadFailure', () => {
  test.each([
    [
      "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'clip'",
      'model_unsupported',
      'm.gguf cannot be loaded: its architecture "clip" is not one this engine knows',
    ],
    [
      "llama_model_load: error loading model: tensor 'blk.1.ffn_up.weight' data is not within the file bounds, model is corrupted or incomplete",
      'model_invalid',
      'm.gguf cannot be loaded: the file ends before its last tensor',
    ],
    [
      'llama_model_load: error loading model: illegal split file idx: 1 (file: m.gguf), model must be loaded with the first split',
      'model_invalid',
      'm.gguf cannot be loaded: it is a later part of a split model',
    ],
    [
      'llama_model_load: error loading model: error loading model hyperparameters: key not found in model: llama.context_length',
      'model_invalid',
      'm.gguf cannot be loaded: its header lacks "llama.context_length"',
    ],
    [
      "llama_model_load: error loading model: missing tensor 'token_embd.weight'",
      'model_invalid',
      'm.gguf cannot be loaded: the tensor "token_embd.weight" is missing',
    ],
  ])('reads %s', (line, code, message) => {
    const failure = loadFailure('/models/m.gguf', new Error('Failed to load model'), ['loading', line, 'done']);
    expect(failure).toMatchObject({code, message});
  });

  test('the error itself may hold the reason', () => {
    const error = new Error('A context size of 900000 is too large for the available VRAM');
    expect(loadFailure('m.gguf', error, [])).toMatchObject({code: 'out_of_memory'});
  });

  test('an adapter is named instead of the model', () => {
    const error = new Error('Failed to initialize LoRA adapter "/adapters/a.gguf"');
    expect(loadFailure('m.gguf', error, ['gguf_init: invalid magic characters']).message).toBe(
      'a.gguf cannot be loaded: it is not a GGUF file',
    );
  });

  test('a reason that comes late is waited for', async () => {
    const lines: string[] = [];
    setTimeout(() => lines.push("error: missing tensor 'output_norm.weight'"), 60);
    const failure = await explainLoadFailure('m.gguf', new Error('Failed to load model'), () => lines);
    expect(failure.message).toBe('m.gguf cannot be loaded: the tensor "output_norm.weight" is missing');
  });

  test('an unknown reason is passed on as the engine put it', () => {
    const failure = loadFailure('m.gguf', new Error('Failed to load model'), ['llama: error: the moon is full']);
    expect(failure.message).toBe('m.gguf cannot be loaded: llama: error: the moon is full');
  });
});
