// What a folder in Hugging Face's format says about its template version: its chat template, its names and its end tokens.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {GENERATION_CONFIG} from '../../defaults/sampling-keys.ts';
import type {EndClues} from '../vocabulary/end-tokens.ts';
import type {FolderClues} from '../vocabulary/vocabulary.ts';
import {type ConfigFile, readConfigFile} from './config-file.ts';
import {folderName} from './folder-name.ts';

/** Files it may be read from: the first one that has a template counts. */
const FILES = ['chat_template.jinja', 'tokenizer_config.json', 'chat_template.json'] as const;

/** Throws EngineError model_invalid for a file that is no JSON. */
export function versionClues(folder: string): FolderClues {
  return {chatTemplate: chatTemplateOf(folder), names: [folderName(folder)], ends: endsOf(folder)};
}

function chatTemplateOf(folder: string): string | undefined {
  for (const name of FILES) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const text = name.endsWith('.jinja') ? readRegularText(path) : templateIn(readConfigFile(path));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A damaged file names none here: whoever needs it for more says so. */
function endsOf(folder: string): EndClues {
  const token = configIn(folder, 'tokenizer_config.json');
  const text = token?.string('eos_token') ?? token?.object('eos_token')?.string('content');
  const ids = [configIn(folder, GENERATION_CONFIG), configIn(folder, 'config.json')].flatMap((config) =>
    [config?.value('eos_token_id')].flat().filter((id) => typeof id === 'number'),
  );
  return {text, ids};
}

function configIn(folder: string, name: string): ConfigFile | undefined {
  const path = join(folder, name);
  try {
    return existsSync(path) ? readConfigFile(path) : undefined;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** One template, or a list of named ones. */
function templateIn(config: ConfigFile): string | undefined {
  const list = config.objects('chat_template');
  const chosen = list.find((item) => item.string('name') === 'default') ?? list[0];
  return config.string('chat_template') ?? chosen?.string('template');
}
