// What is sent for a line: its body, with the seed and the schema that the command line has for all of them.
import {dumpsJson, type Json, type JsonObject} from '../../base/json.ts';
import type {AskedLine} from './batch-line.ts';

export interface ForAllLines {
  /** The seed of line 0; line n has n more. */
  readonly seed: number | undefined;
  /** Tokens of an answer, where the command line names them. */
  readonly maxTokens: number | undefined;
  readonly schema: {readonly schema: Json; readonly strict?: true} | undefined;
}

export interface LineRequest {
  readonly body: string;
  /** The seed it is computed with, where it is known. */
  readonly seed: Json | undefined;
  /** Whether the answer is held to the schema of the command line. */
  readonly isHeld: boolean;
}

const SEEDS = 2 ** 32;

/** A record is a whole reply: nothing is streamed. */
export function lineRequest(
  {route, body}: AskedLine,
  index: number,
  {seed, schema, maxTokens}: ForAllLines,
): LineRequest {
  const whole = new Map<string, Json>([...body].filter(([name]) => name !== 'stream' && name !== 'stream_options'));
  const own = whole.get('seed') ?? whole.get('random_seed') ?? undefined;
  if (route.seeds && own === undefined && seed !== undefined) {
    whole.delete('random_seed');
    whole.set('seed', {source: String((seed + index) % SEEDS)});
  }
  if (route.ownLength && maxTokens !== undefined && (whole.get('max_tokens') ?? null) === null) {
    whole.set('max_tokens', {source: String(maxTokens)});
  }
  const isHeld = schema !== undefined && route.schemaIn !== undefined && !asksForForm(whole);
  if (isHeld) {
    const named: JsonObject = new Map<string, Json>([
      ['name', 'answer'],
      ['schema', schema.schema],
      ['strict', schema.strict === true],
    ]);
    if (route.schemaIn === 'text') {
      whole.set(
        'text',
        new Map<string, Json>([['format', new Map<string, Json>([['type', 'json_schema'], ...named])]]),
      );
    } else {
      whole.set(
        'response_format',
        new Map<string, Json>([
          ['type', 'json_schema'],
          ['json_schema', named],
        ]),
      );
    }
  }
  return {body: dumpsJson(whole), seed: own ?? whole.get('seed') ?? undefined, isHeld};
}

/** The fields that hold an answer to a form. A line that has one of them means it. */
const FORMS = [
  'response_format',
  'text',
  'json_schema',
  'grammar',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'structured_outputs',
];

function asksForForm(body: JsonObject): boolean {
  return FORMS.some((name) => (body.get(name) ?? null) !== null);
}
