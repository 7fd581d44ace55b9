// llama.cpp as a local engine. Importing it loads no native code: that comes with a machine to look at or a model to open.
import type {LocalEngine} from '../contract/local-engine.ts';
import {LLAMA_RELEASE, runsArchitecture} from './llama-architectures.ts';

export const llamaEngine: LocalEngine = {
  name: `llama.cpp ${LLAMA_RELEASE}`,
  // What a library of the user's own runs, only that one knows: it says so when it opens the file.
  runs: (architecture, {library}) => library !== undefined || runsArchitecture(architecture),
  machine: async (device) => (await import('./addon/gpu-machine.ts')).machineWith(device),
  warm: (options) => void import('./llama-model.ts').then(({warmLlama}) => warmLlama(options)).catch(() => undefined),
  usualCalls: async () => (await import('./llama-model.ts')).usualCalls(),
  open: async (file, options) => (await import('./llama-model.ts')).openLlama({...options, file}),
};
