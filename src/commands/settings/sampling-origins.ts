// For --json, where settings files or variables hold: each sampling figure with where it is from.
import type {Command} from 'commander';
import {chosenSampling, type RecommendedSampling, type SamplingChoice} from '../../engine/contract/sampling.ts';
import {SAMPLING} from '../../engine/contract/sampling-table.ts';
import {Option} from '../commander.ts';
import {originsOf, tookSettings} from './origins.ts';

/** A member of the answer's object; no member where nothing was set outside of the command line. */
export function samplingTold(
  command: Command,
  choice: SamplingChoice,
  recommended: RecommendedSampling = {},
): {readonly sampling?: object} {
  if (!tookSettings(command)) return {};
  const chosen = chosenSampling(choice, recommended);
  const figures = SAMPLING.flatMap(({key, flag, set: [name]}) => {
    const value = chosen[key];
    if (value === undefined) return [];
    const setting = originsOf(command).get(new Option(flag).attributeName());
    const ofModel = choice.withoutModel ? undefined : recommended[key]?.origin;
    const asked = choice.asked[key] === undefined ? undefined : (setting ?? 'command line');
    return [[name, {value, origin: asked ?? ofModel ?? 'built in'}]];
  });
  return {sampling: Object.fromEntries(figures)};
}
