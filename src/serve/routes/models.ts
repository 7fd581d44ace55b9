// GET /v1/models and /v1/models/{id}: one card that the clients of OpenAI, Mistral and Anthropic accept.

import type {IncomingHttpHeaders} from 'node:http';
import {z} from 'zod';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import {chosenSampling, type RecommendedSampling, type SamplingChoice} from '../../engine/contract/sampling.ts';
import {SAMPLING} from '../../engine/contract/sampling-table.ts';
import {HttpError} from '../http-error.ts';
import {ErrorSchema, errors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';

const ModelCardSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  type: z.enum(['base', 'model']).describe("base, by which Mistral's client tells cards apart; model for Anthropic's"),
  display_name: z.string(),
  created_at: z.string(),
  name: z.string(),
  description: z.string(),
  max_context_length: z.int(),
  aliases: z.array(z.string()),
  deprecation: z.null(),
  default_model_temperature: z.number(),
  model_sampling: z
    .record(z.string(), z.number())
    .optional()
    .describe('what is recommended for this model, by the names of a request; absent with --no-model-defaults'),
  capabilities: z.object({
    completion_chat: z.boolean(),
    completion_fim: z.boolean(),
    function_calling: z.boolean(),
    fine_tuning: z.boolean(),
    vision: z.boolean(),
    classification: z.boolean(),
  }),
  permission: z.array(z.never()),
  status: z
    .object({value: z.enum(['unloaded', 'loading', 'loaded', 'sleeping'])})
    .optional()
    .describe('where there are several models; sleeping: loaded before, and again with the next request'),
});

export type ModelCard = z.infer<typeof ModelCardSchema>;

/** What a server says of all its models, beside what each says of itself. */
export interface CardFrame {
  readonly sampling: SamplingChoice;
  readonly aliases: readonly string[];
  /** Unix time in seconds. */
  readonly started: number;
}

/** Anthropic's clients send their version with every request. */
export function modelCard(model: ModelInfo, frame: CardFrame, headers: IncomingHttpHeaders): ModelCard {
  const {sampling, aliases, started} = frame;
  const defaults = chosenSampling(sampling, model.sampling);
  return {
    id: model.id,
    object: 'model',
    created: started,
    owned_by: 'mistralai',
    type: headers['anthropic-version'] === undefined ? 'base' : 'model',
    display_name: model.id,
    created_at: new Date(started * 1000).toISOString(),
    name: model.id,
    description: `${model.template ?? 'unknown'} template, ${model.device}`,
    max_context_length: model.contextSize ?? 0,
    aliases: [...aliases],
    deprecation: null,
    default_model_temperature: defaults.temperature,
    ...(!sampling.withoutModel && model.sampling && {model_sampling: figures(model.sampling)}),
    capabilities: {
      completion_chat: true,
      completion_fim: model.supportsFim,
      function_calling: model.supportsTools,
      fine_tuning: false,
      vision: false,
      classification: false,
    },
    permission: [],
  };
}

/** Under the names that a request has for them. */
function figures(recommended: RecommendedSampling): Record<string, number> {
  const given = SAMPLING.flatMap(({key, wire: [name]}) => {
    const figure = recommended[key];
    return figure === undefined ? [] : [[name, figure.value] as const];
  });
  return Object.fromEntries(given);
}

const frameOf = ({options: {sampling, aliases}, started}: Service): CardFrame => ({sampling, aliases, started});

/** The cards as OpenAI's and Anthropic's clients read a list. */
export function modelList(data: ModelCard[]) {
  const ids = data.map(({id}) => id);
  return {
    object: 'list' as const,
    data,
    first_id: ids[0] ?? '',
    last_id: ids.at(-1) ?? '',
    has_more: false as const,
  };
}

export function addModels(app: App, service: Service): void {
  for (const prefix of ['/v1', '']) addModelList(app, service, prefix);
}

function addModelList(app: App, service: Service, prefix: string): void {
  app.get(
    `${prefix}/models`,
    {
      schema: {
        tags: ['OpenAI and Mistral'],
        summary: 'The model, once under its own name and once under each alias',
        response: {
          200: z.object({
            object: z.literal('list'),
            data: z.array(ModelCardSchema),
            first_id: z.string(),
            last_id: z.string(),
            has_more: z.literal(false),
          }),
          ...errors(ErrorSchema, 401, 403, 503),
        },
      },
    },
    async ({headers}) => {
      const own = modelCard(service.backend.model, frameOf(service), headers);
      return modelList([own, ...service.options.aliases.map((id) => ({...own, id, display_name: id}))]);
    },
  );
  app.get(
    `${prefix}/models/:id`,
    {
      schema: {
        tags: ['OpenAI and Mistral'],
        summary: 'One model',
        params: z.object({id: z.string()}),
        response: {200: ModelCardSchema, ...errors(ErrorSchema, 401, 403, 404, 503)},
      },
    },
    async ({params: {id}, headers}) => {
      const own = modelCard(service.backend.model, frameOf(service), headers);
      if (id === own.id || own.aliases.includes(id)) return {...own, id, display_name: id};
      throw new HttpError(404, `the model '${id}' does not exist here; this server has '${own.id}'`, {
        code: 'model_not_found',
        param: 'model',
      });
    },
  );
}
