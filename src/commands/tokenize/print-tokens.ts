// Tokens for people, one a line, or for a program, as one object.

import type {Token} from '../../engine/contract/requests.ts';
import type {LoadedTokenizer} from '../../engine/template/load-tokenizer.ts';
import {isUnusual, type ModelSettings, settingLines} from '../../engine/template/model-settings.ts';
import {templateName} from '../../engine/template/version/detect.ts';
import type {Io} from '../host/io.ts';

/** Writes ids and pieces to stdout; the template version and its reason go to stderr, in JSON into the object. */
export function printTokens(
  io: Io,
  {tokenizer, template, versionReason, modelSettings}: LoadedTokenizer,
  tokens: readonly Token[],
  {json}: {readonly json?: boolean},
): void {
  const version = templateName(template);
  const pieces = tokens.map((token) => tokenizer.piece(token));
  if (json) {
    io.json({
      ids: tokens,
      pieces,
      version,
      version_reason: versionReason,
      confidence: template.confidence ?? null,
      ...settingsObject(modelSettings),
    });
    return;
  }
  io.say(`template ${version}: ${versionReason}; ${tokens.length} tokens`);
  if (modelSettings && isUnusual(modelSettings))
    io.say(`note: model settings: ${settingLines(modelSettings).join('; ')}`);
  // JSON's escapes keep a newline or an escape sequence inside a piece from acting on the terminal.
  const lines = tokens.map((token, i) => `${String(token).padStart(6)}  ${JSON.stringify(pieces[i]).slice(1, -1)}\n`);
  io.show(lines.join(''));
}

/** What the file says about model settings; nothing where it says nothing. */
function settingsObject(modelSettings: ModelSettings | undefined): object {
  return modelSettings === undefined ? {} : {settings: modelSettings.settings, setting_notes: modelSettings.notes};
}
