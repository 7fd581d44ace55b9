// What a chat template asks for, by what it prints: one of Mistral's forms, another model's, or nothing that can be used.
import type {KeptResults} from '../../../base/files/kept-results.ts';
import type {TemplateRow, TemplateVersion} from '../../contract/templates.ts';
import {TEMPLATES, templateVersions} from '../../contract/templates.ts';
import type {ModelSetting, ModelSettings} from '../model-settings.ts';
import {type Printed, printProbes, printUser, WORD} from './probes.ts';

/** Mistral's form: a user text between [INST] and [/INST], an answer that ends with `</s>`. */
export interface MistralReading {
  readonly form: 'mistral';
  /** Versions that it fits; none when it prints what no version does. */
  readonly versions: readonly TemplateVersion[];
  /** Why these, in words. */
  readonly seen: readonly string[];
  /** Whether a form was printed that only few versions have: of tool calls, or of settings. */
  readonly isFirm: boolean;
  /** The system prompt that is printed when a conversation has none. */
  readonly defaultSystem?: string;
  /** Settings that are printed, as the tokenizer file would have named them. */
  readonly settings?: ModelSettings;
  /** What was printed for the probes; undefined for a name and for what cannot be rendered. */
  readonly printed?: Printed;
}

/** Another model's form. */
export interface ForeignReading {
  readonly form: 'foreign';
  readonly seen: readonly string[];
  /** What was printed for the probes. */
  readonly printed: Printed;
}

export interface UnusableReading {
  readonly form: 'unusable';
  readonly why: string;
}

export type TemplateReading = MistralReading | ForeignReading | UnusableReading;

/** Readings of this process, by the template's text: files are looked at more than once. */
const known = new Map<string, TemplateReading>();
const MOST_KNOWN = 32;

/** Reads a template by rendering probe conversations; `kept` are renderings of earlier runs. */
export function readTemplate(text: string, kept?: KeptResults): TemplateReading {
  const before = known.get(text);
  if (before) return before;
  const reading = named(text) ?? rendered(text, kept);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, reading);
  return reading;
}

/** The nickname that llama.cpp's converter writes in place of a template. */
const NICKNAME = /^mistral-(v\d+)(-tekken)?$/;

function named(text: string): TemplateReading | undefined {
  const nickname = text.trim();
  const [, version = ''] = NICKNAME.exec(nickname) ?? [];
  if (Object.hasOwn(TEMPLATES, version)) {
    const seen = [`its chat template is the name "${nickname}"`];
    return {form: 'mistral', versions: [version as TemplateVersion], seen, isFirm: true};
  }
  if (/\{[{%]/.test(text)) return undefined;
  return {form: 'unusable', why: `"${nickname.slice(0, 40)}" is neither a template nor a name that is known here`};
}

function rendered(text: string, kept: KeptResults | undefined): TemplateReading {
  const printed = printProbes(text, kept);
  const {user, turns, system, offered} = printed;
  const plain = user ?? turns ?? system;
  if (plain === undefined) {
    if (offered?.includes(WORD.user)) return {form: 'foreign', seen: ['it is rendered only with tools'], printed};
    return byMarks(text) ?? {form: 'unusable', why: printed.why ?? 'it renders no conversation'};
  }
  const why = whyForeign(plain, printed);
  return why === undefined ? mistralForm(printed) : {form: 'foreign', seen: [why], printed};
}

/** What stands before and behind the first occurrence of a word. */
function around(text: string, word: string): readonly [before: string, behind: string] | undefined {
  const at = text.indexOf(word);
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + word.length)];
}

function whyForeign(plain: string, {user, turns, system}: Printed): string | undefined {
  const frame = around(plain, WORD.user);
  if (!frame) return 'its chat template does not print the text of a user as it is';
  const [before, behind] = frame;
  const last = [around(user ?? '', WORD.user), around(turns ?? '', WORD.nextUser), around(system ?? '', WORD.nextUser)];
  const closes = last.every((ends) => ends === undefined || /^\s*\[\/INST\]\s*$/.test(ends[1]));
  if (!/\[INST\][^[\]]*$/.test(before) || !closes) {
    return `its chat template prints ${lastMark(before)} before the text of a user, and ${firstMark(behind)} behind it`;
  }
  if (system?.includes('<<SYS>>')) return 'its chat template prints a system prompt between <<SYS>> and <</SYS>>';
  if (turns !== undefined && !ANSWERED.test(turns)) return 'its chat template does not end an answer with </s>';
  return undefined;
}

/** What is shown of a text, in characters. */
const SHOWN = 40;
/** `<|im_start|>`, `</s>`, `<<SYS>>`, `[INST]`: never shown in part. */
const MARK = /<+[^<>\s]{1,30}>+|\[[^[\]\s]{1,30}\]/g;

/** The end of a text from its last mark on, else its last whole words. */
function lastMark(text: string): string {
  const mark = [...text.matchAll(MARK)].at(-1)?.index ?? 0;
  const shown = text.slice(mark).trim();
  return quoted(shown.length <= SHOWN ? shown : shown.slice(-SHOWN).replace(/^\S*\s+/, ''));
}

/** The beginning of a text up to the end of its first mark that is not Mistral's, else its first whole words. */
function firstMark(text: string): string {
  const mark = [...text.matchAll(MARK)].find(([found]) => found !== '[/INST]');
  const shown = text.slice(0, mark === undefined ? text.length : mark.index + mark[0].length).trim();
  return quoted(shown.length <= SHOWN ? shown : shown.slice(0, SHOWN).replace(/\s+\S*$/, ''));
}

const quoted = (text: string) => (text === '' ? 'nothing' : JSON.stringify(text));

const ANSWERED = new RegExp(`\\[/INST\\]\\s*${WORD.answer}\\s*</s>\\s*(<s>)?\\s*\\[INST\\]`);

const INSTRUCTION = 'its chat template prints [INST] text [/INST]';
const inPlace = (row: TemplateRow) => row.systemPrompt === 'in-place';
const INSIDE = new RegExp(`\\[INST\\][^[]*${WORD.system}`);
const SYSTEM_PROMPT = /\[SYSTEM_PROMPT\]([\s\S]*?)\[\/SYSTEM_PROMPT\]/;

/** Narrows the versions down by what is printed, with a word on each step. */
class Narrowing {
  versions: readonly TemplateVersion[] = templateVersions();
  readonly seen: string[] = [INSTRUCTION];

  to(fits: (row: TemplateRow) => boolean, what: string): void {
    this.versions = this.versions.filter((version) => fits(TEMPLATES[version]));
    this.seen.push(what);
  }
}

function mistralForm(printed: Printed): MistralReading {
  const narrowing = new Narrowing();
  const {system, offered} = printed;
  if (system?.includes(WORD.system)) {
    const between = SYSTEM_PROMPT.exec(system)?.[1];
    if (between?.trim() === WORD.system) narrowing.to(inPlace, 'a system prompt in [SYSTEM_PROMPT]');
    else if (INSIDE.test(system)) narrowing.to((row) => !inPlace(row), 'a system prompt inside [INST]');
  }
  const defaultSystem = ownSystem(printed.user);
  if (printed.user !== undefined && SYSTEM_PROMPT.test(printed.user))
    narrowing.to(inPlace, 'a system prompt of its own');
  const tools = printed.calls.find((text) => text?.includes('[TOOL_CALLS]'));
  if (tools !== undefined) narrowByTools(narrowing, tools, system ?? '');
  else if (offered?.includes('[AVAILABLE_TOOLS]')) {
    narrowing.to((row) => row.availableTools !== 'none', '[AVAILABLE_TOOLS]');
  }
  const settings = printedSettings(printed);
  if (settings) narrowing.to((row) => row.modelSettings === 'encoded', '[MODEL_SETTINGS]');
  else if (tools !== undefined) {
    narrowing.versions = narrowing.versions.filter((version) => TEMPLATES[version].modelSettings !== 'encoded');
  }
  return {
    form: 'mistral',
    versions: narrowing.versions,
    seen: narrowing.seen,
    isFirm: tools !== undefined || settings !== undefined,
    printed,
    ...(defaultSystem !== undefined && {defaultSystem}),
    ...(settings && {settings}),
  };
}

/** The system prompt in what is printed for a user message alone. */
function ownSystem(user: string | undefined): string | undefined {
  const [before = ''] = around(user ?? '', WORD.user) ?? [];
  const own = SYSTEM_PROMPT.exec(before)?.[1] ?? /\[INST\]([^[\]]*)$/.exec(before)?.[1];
  return own?.trim() ? own : undefined;
}

/** The system prompt that the template prints by itself on a day, where it takes the date as `today` and `yesterday`. */
export function printedSystem(template: string, dates: {today: string; yesterday: string}): string | undefined {
  return ownSystem(printUser(template, dates));
}

function narrowByTools(narrowing: Narrowing, tools: string, system: string): void {
  if (new RegExp(`\\[TOOL_CALLS\\] ?${WORD.tool} ?\\[CALL_ID\\]`).test(tools)) {
    narrowing.to((row) => row.toolCalls === 'args-id', 'calls as name [CALL_ID] id [ARGS] arguments');
  } else if (new RegExp(`\\[TOOL_CALLS\\] ?${WORD.tool} ?\\[ARGS\\]`).test(tools)) {
    narrowing.to((row) => row.toolCalls === 'args', 'calls as name [ARGS] arguments');
  } else if (/\[TOOL_CALLS\] ?\[/.test(tools)) {
    const hasId = new RegExp(`"id": ?"${WORD.callId}"`).test(tools);
    narrowing.to(
      (row) => row.toolCalls === (hasId ? 'json-id' : 'json'),
      `calls as a JSON list ${hasId ? 'with' : 'without'} ids`,
    );
  }
  if (tools.includes('[TOOL_CONTENT]')) {
    narrowing.to((row) => row.toolResults === 'id-text', 'results with [TOOL_CONTENT]');
  } else if (/"call_id": ?"/.test(tools) && !system.includes('[SYSTEM_PROMPT]')) {
    // With [SYSTEM_PROMPT] it is a public form of v7 whose results are wrong.
    narrowing.to((row) => row.toolResults === 'json', 'results with call_id');
  } else if (new RegExp(`\\[TOOL_RESULTS\\] ?${WORD.result} ?\\[/TOOL_RESULTS\\]`).test(tools)) {
    narrowing.to((row) => row.toolResults === 'text', 'results as bare text');
  }
}

const settingsBlock = (text: string | undefined) =>
  /\[MODEL_SETTINGS\]([\s\S]*?)\[\/MODEL_SETTINGS\]/.exec(text ?? '')?.[1];

/** The settings of a template as the tokenizer file would have named them; undefined when it prints none. */
function printedSettings({user, efforts, json}: Printed): ModelSettings | undefined {
  const printed = settingsBlock(user);
  const values = [...efforts].flatMap(([effort, text]) =>
    settingsBlock(text)?.includes(`"${effort}"`) ? [effort] : [],
  );
  const jsonBlock = settingsBlock(json);
  if (printed === undefined && values.length === 0 && jsonBlock === undefined) return undefined;
  const byDefault = /"reasoning_effort": ?"([^"]*)"/.exec(printed ?? '')?.[1];
  const settings: ModelSetting[] = [];
  if (values.length > 0 || byDefault !== undefined) {
    const all = byDefault === undefined || values.includes(byDefault) ? values : [...values, byDefault];
    const effort = {kind: 'enum', name: 'reasoning_effort', values: all, acceptsNone: true} as const;
    settings.push({...effort, ...(byDefault !== undefined && {default: byDefault})});
  }
  if (jsonBlock?.includes('json_schema')) settings.push({kind: 'json_schema', name: 'json_schema'});
  const known = ['reasoning_effort', 'json_schema'];
  for (const [, name = '', value = ''] of (printed ?? '').matchAll(/"([^"]+)": ?("[^"]*"|[^,}]*)/g)) {
    if (known.includes(name)) continue;
    settings.push(unknownSetting(name, value));
  }
  return {settings, notes: []};
}

/** A setting that only its printed value is known of: it is written with that value. */
function unknownSetting(name: string, printed: string): ModelSetting {
  const word = /^"([^"]*)"$/.exec(printed)?.[1];
  if (word === undefined) return {kind: 'unknown', name, type: 'printed by the template', isDemanded: true};
  return {kind: 'enum', name, values: [word], acceptsNone: false, default: word};
}

const FOREIGN_MARKS = ['<<SYS>>', '<|im_start|>', '<|start_header_id|>'];

/** The last resort for a text that cannot be rendered: the marks in its string literals, all of them together. */
function byMarks(text: string): MistralReading | undefined {
  const literals = text.replace(/\{#[\s\S]*?#\}/g, '').matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g);
  const written = [...literals].map(([, single, double]) => single ?? double ?? '').join('\n');
  const has = (mark: string) => written.includes(mark);
  if (!has('[INST]') || !has('[/INST]') || FOREIGN_MARKS.some(has)) return undefined;
  const seen = 'the marks of its chat template, which cannot be rendered';
  return {form: 'mistral', versions: markedVersions(has), seen: [seen], isFirm: false};
}

function markedVersions(has: (mark: string) => boolean): readonly TemplateVersion[] {
  const marked = templateVersions()
    .toReversed()
    .find((version) => {
      const {mark} = TEMPLATES[version];
      return mark && has(mark.has) && !(mark.without && has(mark.without));
    });
  if (marked === undefined) return templateVersions();
  // A system prompt alone tells less than the form of calls and results.
  const tellsLittle =
    TEMPLATES[marked].mark?.has === '[SYSTEM_PROMPT]' && !has('[TOOL_CALLS]') && !has('[TOOL_CONTENT]');
  if (!tellsLittle) return [marked];
  return templateVersions().filter((version) => {
    const row = TEMPLATES[version];
    return inPlace(row) && row.modelSettings !== 'encoded';
  });
}
