// GET /api/tags, /api/ps, /api/version and POST /api/show; what would change the models of an Ollama is refused.
import {z} from 'zod';
import type {ModelInfo} from '../../../engine/contract/backend.ts';
import type {SamplingParams} from '../../../engine/contract/sampling.ts';
import {SAMPLING} from '../../../engine/contract/sampling-table.ts';
import {HttpError} from '../../http-error.ts';
import {errors} from '../../reply/reply-schemas.ts';
import type {App} from '../../route.ts';
import type {Service} from '../../service.ts';
import {type OllamaCard, ollamaCard} from './ollama-card.ts';
import {OllamaErrorSchema, PsSchema, ShowRequestSchema, ShowSchema, TagsSchema} from './ollama-schema.ts';

/** The version of Ollama whose API this is; clients demand a number. */
const VERSION = '0.33.0';
/** The model stays loaded. */
const NEVER = '2300-01-01T00:00:00Z';

const config = {errors: 'ollama', fields: 'ollama'} as const;
const refusals = errors(OllamaErrorSchema, 401, 403, 503);

const cardOf = ({name, size, digest, details}: OllamaCard) => ({name, model: name, size, digest, details});

/** The entry of /api/tags. */
export const tagOf = (card: OllamaCard) => ({
  ...cardOf(card),
  modified_at: card.modified,
  capabilities: card.capabilities,
});

/** The entry of /api/ps; `expiresAt` is when the model goes if nobody asks for it, undefined where it stays. */
export const psOf = (card: OllamaCard, {contextSize}: ModelInfo, expiresAt?: Date) => ({
  ...cardOf(card),
  size_vram: 0,
  expires_at: expiresAt?.toISOString() ?? NEVER,
  context_length: contextSize ?? 0,
});

/** The reply of /api/show. */
export const showOf = (
  {details, capabilities, info, modified}: OllamaCard,
  model: ModelInfo,
  sampling: SamplingParams,
) => ({
  license: '' as const,
  modelfile: '' as const,
  parameters: parametersOf(sampling),
  template: model.chatTemplate ?? '',
  details,
  model_info: info,
  capabilities,
  modified_at: modified,
});

/** What holds for a request that says nothing, as a Modelfile would say it. */
function parametersOf(defaults: SamplingParams): string {
  const lines = SAMPLING.flatMap(({key, wire: [name]}) =>
    defaults[key] === undefined ? [] : [`${name} ${defaults[key]}`],
  );
  return lines.join('\n');
}

export function addOllamaModels(app: App, service: Service): void {
  app.get(
    '/api/tags',
    {schema: {tags: ['Ollama'], summary: 'The model', response: {200: TagsSchema, ...refusals}}, config},
    async () => ({models: [tagOf(ollamaCard(service.backend.model))]}),
  );
  app.get(
    '/api/ps',
    {schema: {tags: ['Ollama'], summary: 'The model, which is loaded', response: {200: PsSchema, ...refusals}}, config},
    async () => {
      const {model} = service.backend;
      return {models: [psOf(ollamaCard(model), model)]};
    },
  );
  app.get(
    '/api/version',
    {
      schema: {
        tags: ['Ollama'],
        summary: 'The version of Ollama whose API this is',
        response: {200: z.object({version: z.string()}), ...errors(OllamaErrorSchema, 401, 403)},
      },
      config,
    },
    async () => ({version: VERSION}),
  );
  app.post(
    '/api/show',
    {
      schema: {
        tags: ['Ollama'],
        summary: 'What the model is and can do',
        body: ShowRequestSchema,
        response: {200: ShowSchema, ...refusals, ...errors(OllamaErrorSchema, 400, 413)},
      },
      config,
    },
    async () => {
      const {model} = service.backend;
      return showOf(ollamaCard(model), model, service.defaults);
    },
  );
  addRefused(app);
}

/** Refused with a status that no client tries again. */
function addRefused(app: App): void {
  const response = errors(OllamaErrorSchema, 400, 401, 403, 413);
  const changing = ['pull', 'create', 'copy', 'push'].map((name) => ['POST', name] as const);
  for (const [method, name] of [...changing, ['DELETE', 'delete'] as const]) {
    app.route({
      method,
      url: `/api/${name}`,
      schema: {tags: ['Ollama'], summary: 'Refused: a server changes no models', response},
      config,
      handler: async () => {
        throw new HttpError(403, 'this server changes no models; use mistral pull and mistral rm on its machine', {
          code: 'not_allowed',
        });
      },
    });
  }
}
