// Every route of the server, one line a file.
import type {App} from './app.ts';
import {addLlamaCompletion} from './llama/completion.ts';
import {addStatus} from './llama/status.ts';
import {addTokens} from './llama/tokens.ts';
import {addChat} from './routes/chat.ts';
import {addCompletions} from './routes/completions.ts';
import {addEmbeddings} from './routes/embeddings.ts';
import {addFim} from './routes/fim.ts';
import {addHealth} from './routes/health.ts';
import {addModels} from './routes/models.ts';
import {addEnginesCompletions} from './seeds/engines-completions.ts';
import {addInfer} from './seeds/infer.ts';
import {addPredict} from './seeds/predict.ts';
import type {Service} from './service.ts';

const GROUPS = [
  [addModels, addChat, addCompletions, addEmbeddings, addFim],
  [addLlamaCompletion, addTokens, addStatus],
  [addEnginesCompletions, addPredict, addInfer],
  [addHealth],
];

export function addRoutes(app: App, service: Service): void {
  for (const add of GROUPS.flat()) add(app, service);
}
