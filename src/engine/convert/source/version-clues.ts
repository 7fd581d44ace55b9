// What a folder in Hugging Face's format says about its template version: its chat template and its names.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {readRegularText} from '../../../base/files/regular-file.ts';
import type {VersionClues} from '../../template/version/detect.ts';
import {type ConfigFile, readConfigFile} from './config-file.ts';
import {folderName} from './folder-name.ts';

/** Files it may be read from: the first one that has a template counts. */
const FILES = ['chat_template.jinja', 'tokenizer_config.json', 'chat_template.json'] as const;

/** Throws EngineError model_invalid for a file that is no JSON. */
export function versionClues(folder: string): VersionClues {
  return {chatTemplate: chatTemplateOf(folder), names: [folderName(folder)]};
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

/** One template, or a list of named ones. */
function templateIn(config: ConfigFile): string | undefined {
  const list = config.objects('chat_template');
  const chosen = list.find((item) => item.string('name') === 'default') ?? list[0];
  return config.string('chat_template') ?? chosen?.string('template');
}
