// GET /props and /slots: what the model is and what each slot does.

import {basename} from 'node:path';
import {z} from 'zod';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {errors, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';
import {samplingSettings} from './settings.ts';

/** What llama-server says where every request has a seed of its own. */
const RANDOM = 2 ** 32 - 1;

const response = errors(LlamaErrorSchema, 401, 403, 503);

/** What /props says of a model with these defaults. */
export function propsOf(model: ModelInfo, defaults: SamplingParams, slots: number) {
  return {
    default_generation_settings: {
      n_ctx: model.contextSize ?? 0,
      params: {...samplingSettings(defaults), seed: defaults.seed ?? RANDOM},
    },
    total_slots: slots,
    model_alias: model.id,
    model_path: basename(model.path ?? model.id),
    chat_template: model.chatTemplate ?? (model.template ? `mistral-${model.template}` : ''),
    modalities: {vision: false as const, audio: false as const},
    build_info: model.device,
  };
}

/** What /slots says of a model with these defaults. */
export function slotRows(model: ModelInfo, defaults: SamplingParams, slots: number, isBusy: (id: number) => boolean) {
  const params = {...samplingSettings(defaults), seed: defaults.seed ?? RANDOM};
  return Array.from({length: slots}, (_, id) => ({
    id,
    n_ctx: model.contextSize ?? 0,
    is_processing: isBusy(id),
    params,
  }));
}

export function addStatus(app: App, service: Service): void {
  app.get(
    '/props',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'The model, its context and the number of slots',
        response: {
          200: z.object({
            default_generation_settings: z.object({n_ctx: z.int(), params: z.record(z.string(), z.unknown())}),
            total_slots: z.int(),
            model_alias: z.string(),
            model_path: z.string().describe('the file name alone'),
            chat_template: z.string().describe('the version of the prompt format; it is code here, not a Jinja text'),
            modalities: z.object({vision: z.literal(false), audio: z.literal(false)}),
            build_info: z.string(),
          }),
          ...response,
        },
      },
      config: {errors: 'llama'},
    },
    async () => propsOf(service.backend.model, service.defaults, service.admission.options.slots),
  );
  app.get(
    '/slots',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'Which slots are busy',
        response: {
          200: z.array(
            z.object({
              id: z.int(),
              n_ctx: z.int(),
              is_processing: z.boolean(),
              params: z.record(z.string(), z.unknown()).describe('what holds for a request that says nothing'),
            }),
          ),
          ...response,
        },
      },
      config: {errors: 'llama'},
    },
    async () => {
      const {admission, backend, defaults} = service;
      return slotRows(backend.model, defaults, admission.options.slots, (id) => !admission.isFree(id));
    },
  );
}
