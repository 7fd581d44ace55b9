// Looks at the files that a server of several models may have: what each is, what it is called and what memory it takes.
import {defined} from '../../../base/defined.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import {preflight} from '../../../engine/gguf/preflight.ts';
import {openVocabulary} from '../../../engine/local/open-local.ts';
import {namesOfModel} from '../../../engine/models/catalogue/names-of-model.ts';
import {plannedModel} from '../../../engine/models/memory/fit-model.ts';
import {planMemory, smallestPlan} from '../../../engine/models/memory/memory-plan.ts';
import {ollamaCard} from '../../../serve/dialects/ollama/ollama-card.ts';
import {keptRenderings} from '../../host/folders.ts';
import type {Io} from '../../host/io.ts';
import {chosenSettings} from '../../open-model/chosen-settings.ts';
import type {Candidate, DescribedModel, DescribeJob, JobAnswer} from './jobs.ts';

/** Files that cannot be served are told, not failed at: one of them must not keep the others from being served. */
export function describe(io: Io, job: DescribeJob): JobAnswer {
  const models: DescribedModel[] = [];
  const notes: string[] = [];
  const taken = new Set<string>();
  for (const candidate of job.candidates) {
    try {
      models.push(described(io, candidate, job, taken));
    } catch (error) {
      // Whatever a file holds that nobody foresaw, the others are served.
      notes.push(`${candidate.path} is not served: ${reasonOf(error)}`);
    }
  }
  return {kind: 'described', models, notes};
}

function described(io: Io, {path, stored}: Candidate, job: DescribeJob, taken: Set<string>): DescribedModel {
  const {flags, budget} = job;
  const file = preflight(path);
  const wish = {slots: flags.parallel, gpuLayers: 0, ...defined({contextSize: flags.ctx, kvType: flags.kvType})};
  const planned = plannedModel(file);
  // One that does not fit at all is told its smallest need when it is asked for.
  const plan = planMemory(planned, wish, {ram: budget, vram: 0, shared: false}) ?? smallestPlan(planned, wish);
  const {contextSize, kvType, ram: bytes} = plan;
  const {id: wanted, names} = namesOfModel(file, stored);
  const id = freeName(wanted, taken);
  const rest = defined({settings: chosenSettings(flags), keptRenderings: keptRenderings(io)});
  const {model} = openVocabulary(file, {id, contextSize, ...rest});
  const card = {...ollamaCard(model), name: id.includes(':') ? id : `${id}:latest`};
  // What it has to say on a day cannot pass between processes.
  const {defaultSystem: _spoken, ...info} = model;
  return {id, names, path, bytes, contextSize, kvType, info, card};
}

/** Files of one name in several folders are numbered. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}-${number}`;
  taken.add(name.toLowerCase());
  return name;
}
