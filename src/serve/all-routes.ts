// Every route of the server, one line a file.

import {addMessages} from './dialects/messages/messages-routes.ts';
import {addOllamaModels} from './dialects/ollama/ollama-models.ts';
import {addOllama} from './dialects/ollama/ollama-routes.ts';
import {addResponses} from './dialects/responses/responses-routes.ts';
import {addLlamaEmbeddings} from './embeddings/llama-embeddings.ts';
import {addOllamaEmbeddings} from './embeddings/ollama-embeddings.ts';
import {addEmbeddings} from './embeddings/openai-embeddings.ts';
import {addEnginesCompletions} from './legacy/engines-completions.ts';
import {addInfer} from './legacy/infer.ts';
import {addPredict} from './legacy/predict.ts';
import {addLlamaCompletion} from './llama-server/completion.ts';
import {addStatus} from './llama-server/status.ts';
import {addTokens} from './llama-server/tokens.ts';
import type {App} from './route.ts';
import {addChat} from './routes/chat.ts';
import {addCompletions} from './routes/completions.ts';
import {addFim} from './routes/fim.ts';
import {addHealth} from './routes/health.ts';
import {addModels} from './routes/models.ts';
import type {Service} from './service.ts';

const GROUPS = [
  [addModels, addChat, addCompletions, addEmbeddings, addFim],
  [addResponses, addMessages, addOllama, addOllamaModels, addOllamaEmbeddings],
  [addLlamaCompletion, addTokens, addLlamaEmbeddings, addStatus],
  [addEnginesCompletions, addPredict, addInfer],
  [addHealth],
];

export function addRoutes(app: App, service: Service): void {
  for (const add of GROUPS.flat()) add(app, service);
}
