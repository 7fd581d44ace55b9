// What /set does to the sampling parameters: one change by name and value, and the list of all of them.

import {EngineError} from '../../../base/errors.ts';
import type {SamplingParams} from '../../../engine/contract/sampling.ts';
import {parseLogitBias, parseNumber, SAMPLING} from '../../../engine/contract/sampling-table.ts';
import {FACE_SETTINGS} from './face-settings.ts';

/** The names that /set shows; it knows those of other programs too. */
export const SETTINGS: readonly string[] = [...SAMPLING.map(({set: [name]}) => name), 'logit_bias', 'stop'];

const rowNamed = (name: string) => SAMPLING.find(({set}) => set.includes(name));

export interface Change {
  readonly sampling: SamplingParams;
  /** What was done, for the person. */
  readonly note: string;
}

/**
 * `name` is one of `SETTINGS` or an alias; the value `off` takes the parameter away, and only a number can be the temperature.
 * @throws EngineError `usage` for a name that is unknown, or a value out of range.
 */
export function changeSampling(sampling: SamplingParams, name: string, value: string): Change {
  if (name === 'stop') return changeStop(sampling, value);
  if (name === 'logit_bias') return changeBias(sampling, value);
  const row = rowNamed(name);
  if (row === undefined) {
    throw new EngineError('usage', `there is no setting ${name}`, {
      hint: `settings: ${[...SETTINGS, 'think', 'context', ...FACE_SETTINGS].join(', ')}`,
    });
  }
  const [shown] = row.set;
  if (value === 'off' && row.key !== 'temperature') {
    const {[row.key]: _, ...rest} = sampling;
    return {sampling: {...rest, temperature: sampling.temperature}, note: `${shown} is off`};
  }
  const number = parseNumber(row, value, (expected) => refuse(shown, expected, value));
  return {sampling: {...sampling, [row.key]: number}, note: `${shown} = ${number}`};
}

function refuse(name: string, expected: string, value: string): never {
  throw new EngineError('usage', `${name} is ${expected}, not ${value}`);
}

function changeStop({stop: _, ...rest}: SamplingParams, value: string): Change {
  if (value === 'off') return {sampling: rest, note: 'no stop strings'};
  const stop = value.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  return {sampling: {...rest, stop: [stop]}, note: `stop: ${JSON.stringify(stop)}`};
}

/** Of several tokens each keeps its own until all are off. */
function changeBias({logitBias, ...rest}: SamplingParams, value: string): Change {
  if (value === 'off') return {sampling: rest, note: 'logit_bias is off'};
  const [id, bias] = parseLogitBias(value, (expected) => refuse('logit_bias', expected, value));
  const biases = new Map([...(logitBias ?? []), [id, bias] as const]);
  return {sampling: {...rest, logitBias: biases}, note: `logit_bias: ${biasText(biases)}`};
}

const biasText = (biases: ReadonlyMap<number, number>) => [...biases].map(([id, bias]) => `${id}=${bias}`).join(' ');

/** One line for each parameter: its name, its value, what it does. */
export function samplingList(sampling: SamplingParams): string {
  const {logitBias, stop = []} = sampling;
  const rows = [
    ...SAMPLING.map(({key, help, set: [name]}) => [name, String(sampling[key] ?? 'off'), help]),
    ['logit_bias', logitBias === undefined ? 'off' : biasText(logitBias), "ID=X adds x to a token's logit"],
    ['stop', stop.length === 0 ? 'off' : JSON.stringify(stop), 'stop before this text'],
  ];
  return rows.map(([name = '', value = '', help]) => `${name.padEnd(20)} ${value.padEnd(10)} ${help}\n`).join('');
}
