// Asks a Hugging Face hub what a repository holds and chooses the files of one model in it.

import {EngineError} from '../../../../base/errors.ts';
import type {HttpClient} from '../../../../base/http/http-client.ts';
import {formatBytes} from '../../../../base/units.ts';
import type {Machine} from '../../../contract/local-engine.ts';
import {SYSTEM_PROMPT_FILE} from '../../../defaults/system-prompt-file.ts';
import {modelFiles} from '../../../gguf/model-files.ts';
import {ORIGINAL} from '../../catalogue/catalogue.ts';
import {chooseQuantisation, filesNamed, USUAL_OVERHEAD} from '../../memory/choose-file.ts';
import {ATTEMPTS, statusError} from '../download-client.ts';
import {repositoryIn} from './hub-answer.ts';
import type {ChosenFiles, HubRepository} from './hub-folder.ts';
import {chooseFolder} from './hub-folder.ts';

/** Lists a repository at a branch, tag, commit or `refs/pr/7`. Throws EngineError: gated, not there, not reachable. */
export async function readRepository(
  http: HttpClient,
  endpoint: string,
  {repo, revision = 'main'}: {readonly repo: string; readonly revision?: string | undefined},
  signal: AbortSignal,
): Promise<HubRepository> {
  const url = `${endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const {commit, files} = repositoryIn(await ask(http, url, `${endpoint}/${repo}`, signal));
  if (commit === undefined) {
    throw new EngineError('backend_failed', `${endpoint} gave no list of ${repo}`, {hint: 'Check HF_ENDPOINT.'});
  }
  return {repo, revision, commit, files};
}

/** A list that breaks off is asked for again; something else than JSON says nothing. */
async function ask(http: HttpClient, url: string, page: string, signal: AbortSignal): Promise<unknown> {
  for (let failed = 1; ; failed++) {
    const reply = await http.send({method: 'GET', url, headers: {accept: 'application/json'}}, signal);
    if (!reply.ok) {
      reply.cancel();
      throw statusError(url, reply, page);
    }
    try {
      return await reply.json();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineError)) throw error;
      if (error.code === 'backend_failed') return undefined;
      if (failed >= ATTEMPTS) throw error;
    }
  }
}

/**
 * The files of one quantisation: the wanted one, or by what fits the machine. Of a repository without a GGUF the folder
 * of its weights.
 * Throws EngineError model_not_found with what there is.
 */
export function chooseHubFiles(repository: HubRepository, want: string | undefined, machine: Machine): ChosenFiles {
  const models = modelFiles(repository.files.map(({name, bytes}) => ({name, bytes})));
  if (want?.toLowerCase() === ORIGINAL || (models.length === 0 && want === undefined)) return chooseFolder(repository);
  if (models.length === 0) {
    throw new EngineError('model_not_found', `${repository.repo} holds no GGUF model, so no ${want}`, {
      hint: `Its weights can be fetched as they are: mistral pull hf:${repository.repo}`,
    });
  }
  const wanted = want === undefined ? models : filesNamed(models, want);
  if (wanted.length === 0) {
    const there = models.map(({name, quant}) => quant ?? name).join(', ');
    throw new EngineError('model_not_found', `${repository.repo} has no ${want}`, {hint: `There are: ${there}`});
  }
  const {file, why} = chooseQuantisation(wanted, USUAL_OVERHEAD, machine);
  const files = repository.files.filter(({name}) => file.parts.includes(name));
  // Behind the model, whose path is the one that is told.
  files.push(...repository.files.filter(({name}) => name === SYSTEM_PROMPT_FILE && !file.name.includes('/')));
  const reason = wanted.length === 1 ? '' : `, one of ${wanted.length}: ${why}`;
  return {files, isFolder: false, note: `${file.name} (${formatBytes(file.bytes)})${reason}`};
}
