// Short conversations of words that occur nowhere else: what a template prints around them tells its form.

import type {KeptResults} from '../../../base/files/kept-results.ts';
import {fromPlain, type JsonObject} from '../../../base/json.ts';
import {renderKept} from '../jinja/kept-renderings.ts';
import {type Rendered, renderEach} from '../jinja/template-renderer.ts';
import {EFFORTS} from '../model-settings.ts';

/** The words of the probes. */
export const WORD = {
  user: 'Qaone',
  answer: 'Qbtwo',
  nextUser: 'Qcthree',
  system: 'Qdfour',
  result: 'Qefive',
  tool: 'qfsix',
  callId: 'abcdefgh1',
} as const;

/** What a template printed, by probe; undefined where it refused or failed. */
export interface Printed {
  readonly user: string | undefined;
  readonly turns: string | undefined;
  readonly system: string | undefined;
  /** A call, its result and what follows; then only up to the result; arguments as a text, then as an object. */
  readonly calls: readonly (string | undefined)[];
  /** One user message with a tool offered. */
  readonly offered: string | undefined;
  /** By effort, those asked for. */
  readonly efforts: ReadonlyMap<string, string | undefined>;
  readonly json: string | undefined;
  /** Why the first of them that failed did. */
  readonly why: string | undefined;
}

const user = (content: string) => ({role: 'user', content});
const answer = {role: 'assistant', content: WORD.answer};
const tools = [
  {type: 'function', function: {name: WORD.tool, description: 'd', parameters: {type: 'object', properties: {}}}},
];

function callOf(args: unknown) {
  const call = {id: WORD.callId, type: 'function', function: {name: WORD.tool, arguments: args}};
  return {role: 'assistant', content: '', tool_calls: [call]};
}

const result = {role: 'tool', tool_call_id: WORD.callId, name: WORD.tool, content: WORD.result};
const turns = [user(WORD.user), answer, user(WORD.nextUser)];
const calls = ['{"k": "v"}', {k: 'v'}].flatMap((args) => {
  const called = [user(WORD.user), callOf(args), result];
  return [[...called, answer, user(WORD.nextUser)], called];
});

function input(messages: readonly object[], more: Readonly<Record<string, unknown>> = {}): JsonObject {
  return fromPlain({
    messages,
    tools: null,
    documents: null,
    add_generation_prompt: true,
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
    pad_token: '<pad>',
    ...more,
  }) as JsonObject;
}

const INPUTS: readonly JsonObject[] = [
  input([user(WORD.user)]),
  input(turns),
  input([{role: 'system', content: WORD.system}, ...turns]),
  input([user(WORD.user)], {tools}),
  input([user(WORD.user)], {response_format: {type: 'json_object'}}),
  ...calls.map((messages) => input(messages, {tools})),
  ...EFFORTS.map((effort) => input([user(WORD.user)], {reasoning_effort: effort})),
];

/** What a template prints for a user message alone, with these variables besides; undefined where it fails. */
export function printUser(template: string, variables: Readonly<Record<string, string>>): string | undefined {
  const [one] = renderEach(template, [input([user(WORD.user)], variables)]);
  return one !== undefined && 'text' in one ? one.text : undefined;
}

/** Renders the probes, which takes a tenth of a second; `kept` are renderings of earlier runs. */
export function printProbes(template: string, kept?: KeptResults): Printed {
  const rendered = renderKept(template, INPUTS, kept);
  const [one, two, three, offered, json, ...rest] = rendered.map((each) => ('text' in each ? each.text : undefined));
  const failed = rendered.find((each): each is Rendered & {readonly message: string} => 'message' in each);
  return {
    user: one,
    turns: two,
    system: three,
    offered,
    json,
    calls: rest.slice(0, calls.length),
    efforts: new Map(EFFORTS.map((effort, index) => [effort, rest[calls.length + index]])),
    why: failed?.message,
  };
}
