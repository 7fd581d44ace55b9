// The sampling of a run for the model that was opened, with the line that tells what of it the model recommends.
import type {ModelInfo} from '../../engine/contract/backend.ts';
import {
  chosenSampling,
  type SamplingChoice,
  type SamplingParams,
  samplingLine,
} from '../../engine/contract/sampling.ts';

/** What holds for this model; `say` hears of what is not this program's own. */
export function samplingFor(model: ModelInfo, choice: SamplingChoice, say: (line: string) => void): SamplingParams {
  const line = samplingLine(choice, model.sampling);
  if (line !== undefined) say(line);
  return chosenSampling(choice, model.sampling);
}
