// What a template printed for the same conversations in an earlier run: a thread and its rendering are a tenth of a second.
import type {KeptResults} from '../../../base/files/kept-results.ts';
import {dumpsJson, type JsonObject} from '../../../base/json.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {type Rendered, renderEach} from './template-renderer.ts';

/**
 * The rules of rendering: a digest of the files of this folder and of the release of @huggingface/jinja, so that nothing
 * outlives them. A test computes it, and says what to write here.
 */
export const RENDERING_RULES = 'c60bc11c590fc54d';

/** As `renderEach`, or what an earlier run made of it. What was not rendered in time is asked anew: the machine was busy. */
export function renderKept(
  template: string,
  inputs: readonly JsonObject[],
  kept: KeptResults | undefined,
): readonly Rendered[] {
  if (kept === undefined) return renderEach(template, inputs);
  // A template may print the date.
  const day = template.includes('strftime_now') ? new Date().toDateString() : '';
  const key = [RENDERING_RULES, day, template, ...inputs.map((input) => dumpsJson(input))].join('\0');
  const before = readRendered(kept.get(key), inputs.length);
  if (before !== undefined) return before;
  const rendered = renderEach(template, inputs);
  if (!rendered.some((each) => 'fault' in each && each.fault === 'late')) kept.set(key, JSON.stringify(rendered));
  return rendered;
}

/** Undefined for what is not a list of so many renderings: the file may be anybody's. */
function readRendered(text: string | undefined, length: number): readonly Rendered[] | undefined {
  if (text === undefined) return undefined;
  try {
    const list = parsePlainJson(text);
    return Array.isArray(list) && list.length === length && list.every(isRendered) ? list : undefined;
  } catch {
    return undefined;
  }
}

const FAULTS: readonly unknown[] = ['syntax', 'unfaithful', 'raised', 'failed'];

function isRendered(value: unknown): value is Rendered {
  if (typeof value !== 'object' || value === null) return false;
  if ('text' in value) return typeof value.text === 'string';
  return 'fault' in value && FAULTS.includes(value.fault) && 'message' in value && typeof value.message === 'string';
}
