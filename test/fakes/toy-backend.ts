// A local backend over a scripted token model and the toy vocabulary: real prompts and parsing, scripted ids.
import type {TemplateVersion} from '../../src/engine/contract/requests.ts';
import {LocalBackend} from '../../src/engine/local/local-backend.ts';
import {parseModelSettings} from '../../src/engine/template/read-model-settings.ts';
import {stated} from '../../src/engine/template/version/detect.ts';
import {type Script, ScriptedTokenModel} from './scripted-token-model.ts';
import {toyTokenizer} from './toy-tokenizer.ts';

export interface ToyOptions {
  readonly version?: TemplateVersion;
  /** The `model_settings_builder` of its tokenizer file, as JSON. */
  readonly settings?: string;
  /** Control tokens that the vocabulary lacks. */
  readonly without?: readonly string[];
}

export function toyBackend(
  script: Script,
  {version = 'v15', settings, without}: ToyOptions = {},
): {readonly backend: LocalBackend; readonly model: ScriptedTokenModel} {
  const model = new ScriptedTokenModel(script);
  const backend = new LocalBackend({
    tokenModel: model,
    tokenizer: toyTokenizer(without),
    template: stated(version, 'as asked for'),
    ...(settings !== undefined && {modelSettings: parseModelSettings('toy', settings)}),
    id: 'toy',
    path: undefined,
    trainedContextSize: undefined,
    device: 'script',
    now: () => 0,
  });
  return {backend, model};
}
