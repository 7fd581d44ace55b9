// The first line of the screen: the program, and the model that answers.
import {basename} from 'node:path';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import type {Meant} from '../open-model/meant.ts';
import {versionText} from '../version.ts';

const DEMO = ['demo model (8M)', 'a real one: mistral pull mistral-7b'];

/** The parts of the line, the most telling first; `model` once it is loaded. */
export function firstLine(meant: Meant): (model?: ModelInfo) => readonly string[] {
  const program = versionText('mistral-chat').trim();
  if (meant.kind === 'model' && meant.name === undefined) return () => [program, ...DEMO];
  const name = meant.kind === 'model' ? basename(meant.name ?? '') : meant.url;
  return (model) => [program, ...(model === undefined ? [name] : facts(model))];
}

function facts({id, contextSize, device}: ModelInfo): string[] {
  const context = contextSize === undefined ? [] : [`context ${contextSize.toLocaleString('en')} tokens`];
  return [id, ...context, ...(device === undefined ? [] : [device])];
}
