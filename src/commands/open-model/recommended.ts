// What a model recommends, for the run that opened it: its sampling is taken, its system prompt offered, each with a line.
import type {ModelInfo, PublishedSystem} from '../../engine/contract/backend.ts';
import type {Content} from '../../engine/contract/requests.ts';
import {
  chosenSampling,
  type SamplingChoice,
  type SamplingParams,
  samplingLine,
} from '../../engine/contract/sampling.ts';
import {DEFAULT_SYSTEM, ownSystem} from '../../engine/conversation/own-system.ts';
import type {Io} from '../host/io.ts';

/** What holds for this model; `say` hears of what is not this program's own. */
export function samplingFor(model: ModelInfo, choice: SamplingChoice, say: (line: string) => void): SamplingParams {
  const line = samplingLine(choice, model.sampling);
  if (line !== undefined) say(line);
  return chosenSampling(choice, model.sampling);
}

/** Offers a model's own system prompt to a chat that has none; `how` says how it is taken. */
export function offerSystem(model: ModelInfo, how: string, say: (line: string) => void): void {
  const {defaultSystem, systemPublished} = model;
  if (defaultSystem === undefined) {
    if (systemPublished !== undefined) say(publishedLine(systemPublished));
    return;
  }
  const {origin, thinks} = defaultSystem;
  say(
    thinks
      ? `this model thinks only under its own system prompt (${origin}), which was not sent: ${how} takes it`
      : `this model has a recommended system prompt (${origin}): ${how} takes it`,
  );
}

function publishedLine({repository, thinks, isUnverified}: PublishedSystem): string {
  const what = thinks
    ? 'this model thinks only under a system prompt'
    : 'a system prompt is recommended for this model';
  const place = `SYSTEM_PROMPT.txt of ${repository}${isUnverified ? ', unverified' : ''}`;
  return `${what} that is not here (${place}): save it beside the file, or give it with --system @FILE`;
}

/** The system prompt that `--system` means, once the model is known. */
export type SystemOf = (model: Pick<ModelInfo, 'id' | 'defaultSystem'>) => Content;

/** `default`, a text, or the file behind an @; undefined where the flag is missing. @throws EngineError `io` */
export async function systemOf(io: Io, flag: string | undefined): Promise<SystemOf | undefined> {
  if (flag === undefined) return undefined;
  if (flag === DEFAULT_SYSTEM) return ownSystem;
  const {textOrFile} = await import('../host/text-input.ts');
  const text = await textOrFile(io, flag);
  return () => text;
}
