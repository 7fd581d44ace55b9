// What a folder recommends for its model, as it is kept in the GGUF that is made of it.
import {join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {GENERATION_CONFIG, samplingEntries} from '../../defaults/sampling-keys.ts';
import {readSystemPrompt, SYSTEM_PROMPT_FILE, SYSTEM_PROMPT_KEY} from '../../defaults/system-prompt-file.ts';
import type {GgufEntries} from '../../gguf/write-header.ts';
import {readConfigFile} from './config-file.ts';

export interface FolderDefaults {
  readonly entries: GgufEntries;
  /** Paths of the files that were read. */
  readonly files: readonly string[];
  readonly notes: readonly string[];
}

/** Reads what is there among `names`; a file that is damaged costs the recommendation, not the conversion. */
export function folderDefaults(folder: string, names: readonly string[]): FolderDefaults {
  const sampling = folderSampling(folder, names);
  if (!names.includes(SYSTEM_PROMPT_FILE)) return sampling;
  const text = readSystemPrompt(folder);
  const notes = text === undefined ? [`${SYSTEM_PROMPT_FILE} is left out: it is empty, too long or no UTF-8.`] : [];
  return {
    entries: [
      ...sampling.entries,
      ...(text === undefined ? [] : [[SYSTEM_PROMPT_KEY, {type: 'string', value: text}] as const]),
    ],
    files: [...sampling.files, join(folder, SYSTEM_PROMPT_FILE)],
    notes: [...sampling.notes, ...notes],
  };
}

function folderSampling(folder: string, names: readonly string[]): FolderDefaults {
  if (!names.includes(GENERATION_CONFIG)) return {entries: [], files: [], notes: []};
  const path = join(folder, GENERATION_CONFIG);
  try {
    const config = readConfigFile(path);
    return {...samplingEntries((field) => config.value(field)), files: [path]};
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {entries: [], files: [path], notes: [`What it recommends is not known: ${error.message}.`]};
  }
}
