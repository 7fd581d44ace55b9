// Every route of the server, one line a file.
import type {App} from './app.ts';
import {addChat} from './routes/chat.ts';
import {addCompletions} from './routes/completions.ts';
import {addFim} from './routes/fim.ts';
import {addHealth} from './routes/health.ts';
import {addModels} from './routes/models.ts';
import type {Service} from './service.ts';

export function addRoutes(app: App, service: Service): void {
  for (const add of [addHealth, addModels, addChat, addCompletions, addFim]) add(app, service);
}
