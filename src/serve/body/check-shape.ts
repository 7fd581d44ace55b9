// Checks a body against the schema of its route. A long one is checked piece by piece, so that others get their turn.
import {z} from 'zod';
import type {Steps} from '../../base/in-turns.ts';
import {isJsonArray, isJsonObject, type Json, toPlain} from '../../base/json.ts';

/** Values of a piece that is checked at once, in less than a millisecond. */
const PIECE = 256;
/** What is wrong, as zod says it. */
export interface ShapeIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly ShapeIssue[])[];
}

/** The first things that are wrong with `json`; none when it is what `schema` takes. */
export function* shapeSteps(schema: z.ZodType, json: Json | undefined): Steps<readonly ShapeIssue[]> {
  if (isSmall(json)) return issuesOf(schema, toPlain(json ?? null) ?? undefined);
  yield;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return yield* shapeSteps(schema.unwrap() as z.ZodType, json);
  }
  if (schema instanceof z.ZodUnknown) return [];
  if (schema instanceof z.ZodUnion) return yield* union(schema.options as z.ZodType[], json);
  if (schema instanceof z.ZodArray && isJsonArray(json)) return yield* list(schema, json);
  if (schema instanceof z.ZodRecord && isJsonObject(json)) return yield* record(schema, json);
  if (schema instanceof z.ZodObject && isJsonObject(json)) return yield* object(schema, json);
  // Another type than the schema's: what is inside does not matter.
  return issuesOf(schema, isJsonArray(json) ? [] : {});
}

function* union(options: readonly z.ZodType[], json: Json | undefined): Steps<readonly ShapeIssue[]> {
  const errors: (readonly ShapeIssue[])[] = [];
  for (const option of options) {
    const issues = yield* shapeSteps(option, json);
    if (issues.length === 0) return [];
    errors.push(issues);
  }
  return [{path: [], message: 'Invalid input', errors}];
}

function* list(schema: z.ZodArray, json: readonly Json[]): Steps<readonly ShapeIssue[]> {
  const most = longest(schema);
  if (json.length > most) return [{path: [], message: `Too big: expected array to have <=${most} items`}];
  const element = schema.element as z.ZodType;
  if (element instanceof z.ZodUnknown) return [];
  for (let from = 0; from < json.length; from += PIECE) {
    const piece = json.slice(from, from + PIECE);
    const issues = isSmall(piece) ? issuesOf(z.array(element), toPlain(piece)) : yield* each(element, piece);
    if (issues.length > 0) return issues.map((issue) => behind(issue, Number(issue.path[0]) + from));
    yield;
  }
  return [];
}

function* each(element: z.ZodType, piece: readonly Json[]): Steps<readonly ShapeIssue[]> {
  for (const [index, one] of piece.entries()) {
    const issues = yield* shapeSteps(element, one);
    if (issues.length > 0) return issues.map((issue) => ({...issue, path: [index, ...issue.path]}));
  }
  return [];
}

function* record(schema: z.ZodRecord, json: ReadonlyMap<string, Json>): Steps<readonly ShapeIssue[]> {
  let count = 0;
  for (const [name, value] of json) {
    if (++count % PIECE === 0) yield;
    const issues = isSmall(value)
      ? issuesOf(schema, Object.fromEntries([[name, toPlain(value)]]))
      : (yield* shapeSteps(schema.valueType as z.ZodType, value)).map((issue) => ({
          ...issue,
          path: [name, ...issue.path],
        }));
    if (issues.length > 0) return issues;
  }
  return [];
}

/** The large members one by one; then the rest, with what checks the object as a whole. */
function* object(schema: z.ZodObject, json: ReadonlyMap<string, Json>): Steps<readonly ShapeIssue[]> {
  const large = Object.entries(schema.shape).filter(([name]) => !isSmall(json.get(name)));
  for (const [name, member] of large) {
    const issues = yield* shapeSteps(member as z.ZodType, json.get(name));
    if (issues.length > 0) return issues.map((issue) => ({...issue, path: [name, ...issue.path]}));
  }
  const passed = Object.fromEntries(large.map(([name]) => [name, z.unknown()]));
  const members = Object.keys(schema.shape).flatMap((name) => {
    const value = json.get(name);
    if (value === undefined) return [];
    return [[name, isSmall(value) ? toPlain(value) : value] as const];
  });
  return issuesOf(schema.clone({...schema.def, shape: {...schema.shape, ...passed}}), Object.fromEntries(members));
}

function issuesOf(schema: z.ZodType, value: unknown): readonly ShapeIssue[] {
  const {success, error} = schema.safeParse(value);
  return success ? [] : error.issues;
}

function behind(issue: ShapeIssue, index: number): ShapeIssue {
  return {...issue, path: [index, ...issue.path.slice(1)]};
}

/** Items a list may have. */
function longest({def}: z.ZodArray): number {
  const limits = (def.checks ?? []).map((check) => (check._zod.def as {readonly maximum?: number}).maximum);
  return Math.min(Number.POSITIVE_INFINITY, ...limits.filter((limit) => limit !== undefined));
}

/** Whether a value has so few values in it that it is checked at once. */
function isSmall(json: Json | undefined): boolean {
  let left = PIECE;
  const open: Json[] = json === undefined ? [] : [json];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    left -= isJsonArray(one) ? one.length : isJsonObject(one) ? one.size : 0;
    if (left < 0) return false;
    if (isJsonArray(one)) open.push(...one);
    else if (isJsonObject(one)) open.push(...one.values());
  }
  return true;
}
