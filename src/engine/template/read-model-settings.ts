// The `model_settings_builder` of a tekken.json: which model settings (v15) a model takes.
import {EngineError} from '../../base/errors.ts';
import type {ModelSettings} from './model-settings.ts';

const EFFORTS = ['none', 'high'] as const;
type Effort = (typeof EFFORTS)[number];

/**
 * Reads the member as it is in the file; a file without it takes no settings, as in mistral-common.
 * @throws EngineError model_invalid when it is there and makes no sense.
 */
export function parseModelSettings(path: string, builder: unknown): ModelSettings {
  const rule = (builder as {reasoning_effort?: unknown} | undefined)?.reasoning_effort;
  if (rule === undefined || rule === null) return {};
  const {values, accepts_none: acceptsNone = false, default: byDefault} = rule as Record<string, unknown>;
  const isDefault = byDefault === undefined || byDefault === null || isEffort(byDefault);
  if (!Array.isArray(values) || !values.every(isEffort) || typeof acceptsNone !== 'boolean' || !isDefault) {
    throw new EngineError('model_invalid', `${path} has a model_settings_builder that makes no sense`);
  }
  const settings = {values, acceptsNone};
  return {reasoningEffort: isEffort(byDefault) ? {...settings, default: byDefault} : settings};
}

function isEffort(value: unknown): value is Effort {
  return (EFFORTS as readonly unknown[]).includes(value);
}
