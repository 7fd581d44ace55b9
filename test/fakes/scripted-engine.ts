// A second local engine: it computes files of the architecture `scripted`, whose answer stands in their own header.
import {onTestFinished} from 'vitest';
import type {LocalEngine, LocalModel, LocalOptions} from '../../src/engine/contract/local-engine.ts';
import {registerEngine} from '../../src/engine/local/engines.ts';
import {ggufTokenizer} from '../../src/engine/tokenizer/gguf-vocabulary.ts';
import type {GgufValue} from '../fixtures/gguf.ts';
import {f32, tinyModel} from '../fixtures/tiny-model.ts';
import {spmMetadata, spmPieces} from '../fixtures/vocabularies.ts';
import {ScriptedTokenModel} from './scripted-token-model.ts';

/** What was asked of the engine, in order. */
export interface ScriptedEngine {
  readonly opened: {readonly path: string; readonly options: LocalOptions}[];
  readonly saved: string[];
  readonly models: ScriptedTokenModel[];
}

/** Bytes of a model file that says `answer` to everything; `metadata` adds keys. */
export function scriptedModel(answer: string, metadata: Readonly<Record<string, GgufValue>> = {}): Buffer {
  const pieces = spmPieces();
  const template = {'mistral.tokenizer.version': 'v3'};
  const own = {...spmMetadata(pieces), ...template, 'general.architecture': 'scripted', 'scripted.answer': answer};
  return tinyModel({...own, ...metadata}, [f32('token_embd.weight', [32, pieces.length])]);
}

/** Registers the engine until the test ends. */
export function scriptedEngine(): ScriptedEngine {
  const asked: ScriptedEngine = {opened: [], saved: [], models: []};
  const engine: LocalEngine = {
    name: 'script 1.0',
    runs: (architecture) => architecture === 'scripted',
    machine: async () => ({ramBytes: 1e9, freeRamBytes: 1e9, vramBytes: 0, cores: 1}),
    open: async (file, options): Promise<LocalModel> => {
      asked.opened.push({path: file.path, options});
      const tokenizer = ggufTokenizer(file);
      const answer = [...tokenizer.encode(file.metadata.string('scripted.answer') ?? ''), tokenizer.eos];
      const model = new ScriptedTokenModel({answer: () => answer, endOfGeneration: tokenizer.eos});
      asked.models.push(model);
      const save = async (path: string) => asked.saved.push(path) > 0;
      return Object.assign(model, {
        trainedContextSize: 64,
        device: 'script',
        state: {save, load: async () => 'none' as const},
      });
    },
  };
  onTestFinished(registerEngine({name: 'script', load: async () => engine}));
  return asked;
}
