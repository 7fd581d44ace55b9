// What the rules for one type of value need of the reader of the whole schema.
import {dumpsJson, isJsonNumber, type Json, type JsonNumber, type JsonObject} from '../../../../base/json.ts';
import type {Expression} from '../expression.ts';
import type {Part, Placed, SchemaDocument, Unheld} from './schema-parts.ts';

export interface Reading {
  readonly document: SchemaDocument;
  /** The rule for values inside brackets that fulfil all of these, read after what stands around them. */
  later(given: readonly Placed[]): Expression;
  /** A rule of its own for a body. */
  rule(body: Expression): Expression;
  /** The rule for exactly these few texts. */
  tree(texts: readonly string[]): Expression;
  /** Counts what is done for the schema. @throws EngineError `unsupported_schema` above what one request may ask for. */
  spend(count: number): void;
  tell(unheld: Unheld): void;
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** A value as JSON, in the form a grammar can hold: half a character has no UTF-8. */
export function jsonText(value: Json): string {
  return dumpsJson(value).replace(LONE_SURROGATE, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}

/** The numbers a keyword has in these schemas. */
export function numbersOf(parts: readonly Part[], keyword: string): JsonNumber[] {
  return parts.map(({schema}) => schema.get(keyword)).filter(isJsonNumber);
}

/** The highest of the lower limits and the lowest of the upper ones. */
export function countRange(parts: readonly Part[], least: string, most: string): {min: number; max: number} {
  const whole = (keyword: string) => numbersOf(parts, keyword).map(({source}) => Number(source));
  return {
    min: Math.max(
      0,
      ...whole(least)
        .filter((number) => number > 0)
        .map(Math.ceil),
    ),
    max: Math.min(
      Number.POSITIVE_INFINITY,
      ...whole(most)
        .filter((number) => number >= 0)
        .map(Math.floor),
    ),
  };
}

/** The schemas that have a keyword. */
export const withKeyword = (parts: readonly Part[], keyword: string): Part[] =>
  parts.filter(({schema}) => schema.has(keyword));

export const isEmptySchema = (schema: Json | undefined): boolean =>
  schema === undefined || schema === true || (schema instanceof Map && (schema as JsonObject).size === 0);
