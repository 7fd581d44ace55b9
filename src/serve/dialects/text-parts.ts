// Contents that are a text, or a list of parts with text in them.
import {EngineError} from '../../base/errors.ts';
import {isJsonArray} from '../../base/json.ts';
import type {Fields} from '../../engine/wire/fields.ts';
import {fieldsOf} from './dialect-call.ts';

/** Types of parts that hold text, each with the member that has it. */
export type TextParts = ReadonlyMap<string, string>;

/** @throws EngineError `unsupported`, for a kind of content that the model cannot read. */
export function refuseType(part: Fields, why = ''): never {
  const param = part.pathOf('type');
  throw new EngineError('unsupported', `'${param}': '${part.string('type')}' is not taken${why}`, {param});
}

/** The text of a member that is a text or a list of parts, joined without a separator; undefined when it is not there. */
export function readTexts(of: Fields, name: string, parts: TextParts, why?: string): string | undefined {
  const value = of.get(name);
  if (value === undefined || typeof value === 'string') return value;
  if (!isJsonArray(value)) throw of.wrong(name, 'a text or a list of parts');
  return value.map((item, index) => readPart(fieldsOf(item, `${of.pathOf(name)}[${index}]`), parts, why)).join('');
}

function readPart(part: Fields, parts: TextParts, why: string | undefined): string {
  const member = parts.get(part.requiredString('type'));
  return member === undefined ? refuseType(part, why) : part.requiredString(member);
}
