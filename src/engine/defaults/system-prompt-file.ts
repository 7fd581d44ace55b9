// SYSTEM_PROMPT.txt, which Mistral publishes beside the weights of a model.
import {statSync} from 'node:fs';
import {join} from 'node:path';
import {readRegular} from '../../base/files/regular-file.ts';

export const SYSTEM_PROMPT_FILE = 'SYSTEM_PROMPT.txt';
/** Of a GGUF that this program made of a folder with such a file: its text. */
export const SYSTEM_PROMPT_KEY = 'mistral.default_system_prompt';

/** Bytes; published ones have a few thousand. */
const MOST = 1 << 18;

/** Its text without blank ends; undefined where it is missing, empty, too long or no UTF-8. */
export function readSystemPrompt(folder: string): string | undefined {
  try {
    const path = join(folder, SYSTEM_PROMPT_FILE);
    if (statSync(path).size > MOST) return undefined;
    return new TextDecoder('utf-8', {fatal: true}).decode(readRegular(path)).trim() || undefined;
  } catch {
    return undefined;
  }
}
