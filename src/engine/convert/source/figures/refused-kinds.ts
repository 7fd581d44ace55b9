// Kinds of models that cannot be converted, known by their configuration before any tensor is looked for.
import type {ConfigFile} from '../config-file.ts';
import {cannotConvert} from './read-figures.ts';

/** Types of config.json that are read. */
export const HF_TYPES: readonly string[] = [
  ...['mistral', 'mixtral', 'ministral', 'ministral3', 'llama'],
  ...['mistral4', 'mamba2'],
];

const LARGE_4 = /^mistral_?large_?4/;
const NOT_YET = 'A later release of this program may run it; fetching it again or a GGUF of it does not help.';
const NO_CHAT = 'It is no chat model: it has programs of its own.';

/** @throws EngineError `model_unsupported` with the name of the kind. */
export function refuseKinds(format: 'mistral' | 'hf', root: ConfigFile): void {
  const text = root.object('text_config') ?? root;
  const types = [root, text].map((file) => file.string('model_type') ?? '');
  const multimodal = root.object('multimodal');
  if (types.some((type) => LARGE_4.test(type)) || root.has('index_topk') || root.has('lerope')) {
    throw cannotConvert(root, 'Mistral Large 4 needs an engine with mistral-large4, which this one is not', NOT_YET);
  }
  if (root.boolean('ada_rms_norm_t_cond') || types.some((type) => /realtime/.test(type))) {
    throw cannotConvert(root, 'Voxtral Realtime transcribes what it hears and cannot be converted', NO_CHAT);
  }
  if (multimodal && !multimodal.has('whisper_model_args')) {
    const parts = multimodal.keys.join(', ');
    throw cannotConvert(root, `a model with ${parts || 'parts'} in "multimodal" cannot be converted`, NO_CHAT);
  }
  const [, type = ''] = types;
  if (format === 'hf' && !HF_TYPES.includes(type)) {
    const hint = `Types that can be: ${HF_TYPES.join(', ')}. For others use a GGUF.`;
    throw cannotConvert(root, `models of type "${type}" cannot be converted`, hint);
  }
}
