// Ollama's way to unload a model: a request with nothing in it and keep_alive 0. It is answered here, and loads nothing.
import type {FastifyRequest} from 'fastify';
import {chosenSampling} from '../../engine/contract/sampling.ts';
import {fieldsOf} from '../dialects/dialect-call.ts';
import {readKeepAlive} from '../dialects/ollama/keep-alive.ts';
import type {OllamaLine} from '../dialects/ollama/ollama-schema.ts';
import {type OllamaReplyOptions, OllamaWriter} from '../dialects/ollama/ollama-writer.ts';
import {readOllamaChat, readOllamaGenerate} from '../dialects/ollama/read-ollama.ts';
import type {Service} from '../service.ts';
import type {ServedModel} from './served-models.ts';

/** The routes that take such a request. */
const KINDS: Readonly<Record<string, OllamaReplyOptions['kind']>> = {'/api/chat': 'chat', '/api/generate': 'generate'};

/** The reply to such a request; undefined for any other. @throws Refusal with the path of the field at fault. */
export function unloadLine(request: FastifyRequest, model: ServedModel, {options}: Service): OllamaLine | undefined {
  const {json, routeOptions} = request;
  const kind = KINDS[routeOptions.url ?? ''];
  if (kind === undefined || readKeepAlive(fieldsOf(json)) !== 0) return undefined;
  const read = kind === 'chat' ? readOllamaChat : readOllamaGenerate;
  const call = read(json, chosenSampling(options.sampling));
  if (call.only !== 'unload') return undefined;
  const {names, showsThoughts} = call;
  const name = call.model ?? model.id;
  return new OllamaWriter({kind, model: name, names, showsThoughts, logprobsOf: undefined, now: Date.now}).state(
    'unload',
  );
}
