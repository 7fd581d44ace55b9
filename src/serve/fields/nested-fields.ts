// The members of the objects within a body: which are read, place by place, and what becomes of the others.
import type {Steps} from '../../base/in-turns.ts';
import {isJsonArray, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import {CALLERS_OWN, FieldNotes, type FieldRule, isEmpty, rules} from './field-rules.ts';

/** Objects of one kind in a body. */
export interface Place {
  /** Such as `messages[].tool_calls[]`: each object of these lists. */
  readonly at: string;
  /** The members that are read there, with spaces between. */
  readonly known: string;
  readonly rules?: readonly FieldRule[];
  /** The values of `type` whose objects are meant; others are judged as a whole elsewhere. Absent: all of them. */
  readonly types?: readonly (string | undefined)[];
}

const FORM: readonly Place[] = [
  {at: 'response_format', known: 'type json_schema schema'},
  {at: 'response_format.json_schema', known: 'name description schema strict'},
  {
    at: 'structured_outputs',
    known: 'json regex choice grammar json_object structural_tag',
    rules: rules(
      'none',
      'white space, or how it is computed',
      'whitespace_pattern disable_any_whitespace disable_fallback',
    ),
  },
];

const STREAM: readonly Place[] = [
  {
    at: 'stream_options',
    known: 'include_usage',
    rules: [
      ...rules('none', 'no part of the answer', 'include_obfuscation'),
      ...rules('told', 'the usage is in the last event', 'continuous_usage_stats'),
    ],
  },
];

const NAMED_TOOL = rules('none', CALLERS_OWN, 'cache_control defer_loading');

const CALLS: readonly Place[] = [
  {at: 'messages[].tool_calls[]', known: 'id type function', rules: rules('none', 'the order says it', 'index')},
  {at: 'messages[].tool_calls[].function', known: 'name arguments', rules: rules('none', 'the order says it', 'index')},
];

const TOOLS: readonly Place[] = [
  {at: 'tools[]', known: 'type function', rules: NAMED_TOOL},
  {at: 'tools[].function', known: 'name description parameters strict', rules: NAMED_TOOL},
];

const CHAT: readonly Place[] = [
  {
    at: 'messages[]',
    known: 'role content name prefix tool_calls tool_call_id',
    rules: [
      ...rules('refuse', "it is the old form; use 'tool_calls'", 'function_call'),
      ...rules('refuse', 'the model reads text only', 'audio images', isEmpty),
      ...rules(
        'told',
        'thoughts of the history are parts of its content',
        'reasoning_content reasoning thinking',
        isEmpty,
      ),
      ...rules('told', 'a refusal of the history is a part of its content', 'refusal', isEmpty),
      ...rules('none', CALLERS_OWN, 'id annotations cache_control metadata provider_specific_fields'),
    ],
  },
  {
    at: 'messages[].content[]',
    known: 'type text refusal thinking closed',
    rules: rules('none', CALLERS_OWN, 'cache_control annotations signature'),
    types: ['text', 'refusal', 'thinking'],
  },
  ...CALLS,
  ...TOOLS,
  {at: 'tool_choice', known: 'type function allowed_tools'},
];

const RESPONSES: readonly Place[] = [
  {
    at: 'input[]',
    known: 'type role content call_id name arguments namespace output summary encrypted_content',
    rules: rules('none', CALLERS_OWN, 'id status phase'),
    types: [undefined, 'message', 'function_call', 'function_call_output', 'reasoning'],
  },
  {
    at: 'tools[]',
    known: 'type name description parameters strict tools',
    rules: NAMED_TOOL,
    types: ['function', 'namespace'],
  },
  {at: 'tool_choice', known: 'type name namespace mode tools'},
  {at: 'text', known: 'format verbosity'},
  {at: 'text.format', known: 'type name description schema strict'},
  {at: 'reasoning', known: 'effort summary', rules: rules('told', "use 'reasoning.summary'", 'generate_summary')},
];

const MESSAGES: readonly Place[] = [
  {at: 'messages[]', known: 'role content'},
  {
    at: 'messages[].content[]',
    known: 'type text thinking signature id name input tool_use_id content is_error',
    rules: rules('none', CALLERS_OWN, 'cache_control citations caller'),
    types: ['text', 'thinking', 'tool_use', 'tool_result'],
  },
  {
    at: 'tools[]',
    known: 'type name description input_schema strict',
    rules: [
      ...rules('told', 'the model is shown no examples', 'input_examples', isEmpty),
      ...rules('none', 'no part of the answer', 'eager_input_streaming allowed_callers'),
      ...NAMED_TOOL,
    ],
    types: [undefined, 'custom'],
  },
  {at: 'tool_choice', known: 'type name disable_parallel_tool_use'},
  {at: 'thinking', known: 'type budget_tokens', rules: rules('told', 'thoughts are given whole', 'display')},
  {at: 'output_config', known: 'effort format'},
  {at: 'output_config.format', known: 'type schema'},
];

const OLLAMA: readonly Place[] = [
  // Images are refused where they are read.
  {at: 'messages[]', known: 'role content thinking tool_calls tool_name tool_call_id name images'},
  ...CALLS,
  ...TOOLS,
];

/** The places of a route's body, by the dialect it belongs to. */
export const NESTED_FIELDS = {
  responses: [...RESPONSES, ...FORM],
  messages: [...MESSAGES, ...FORM],
  ollama: OLLAMA,
  chat: [...CHAT, ...STREAM, ...FORM],
  completions: [...STREAM, ...FORM],
  fim: FORM,
  infill: FORM,
  llama: FORM,
} as const satisfies Record<string, readonly Place[]>;

/**
 * Judges the members of the objects at `places` as those of the body itself are. A member that many objects have is told once,
 * with the path of the first.
 * @throws EngineError `unsupported` with the path of one that is refused.
 */
export function* nestedSteps(body: Json, places: readonly Place[]): Steps<string[]> {
  const notes = new FieldNotes();
  for (const {at, known, rules: placed = [], types} of places) {
    const read = new Set(known.split(' '));
    const told = new Set<string>();
    for (const {object, path} of objectsAt(body, at.split('.'), '')) {
      yield;
      const type = object.get('type') ?? undefined;
      if (types && !types.some((one) => one === type)) continue;
      let members = 0;
      for (const [name, value] of object) {
        if (++members % 256 === 0) yield;
        if (read.has(name) || told.has(name)) continue;
        if (notes.judge({name, value, path: `${path}.${name}`}, placed)) told.add(name);
      }
    }
  }
  return notes.list();
}

/** The objects that a path of names, `[]` behind those of lists, leads to. */
function* objectsAt(
  json: Json | undefined,
  [first, ...rest]: readonly string[],
  path: string,
): Generator<{readonly object: JsonObject; readonly path: string}> {
  if (first === undefined) {
    if (isJsonObject(json)) yield {object: json, path};
    return;
  }
  if (!isJsonObject(json)) return;
  const isList = first.endsWith('[]');
  const name = isList ? first.slice(0, -2) : first;
  const value = json.get(name);
  const here = path === '' ? name : `${path}.${name}`;
  if (!isList) yield* objectsAt(value, rest, here);
  else if (isJsonArray(value)) {
    for (const [index, one] of value.entries()) yield* objectsAt(one, rest, `${here}[${index}]`);
  }
}
