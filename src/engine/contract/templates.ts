// The templates as data: one row a version, read by the encoder, the validator and the output parser alike.
type ChunkType = 'text' | 'thinking' | 'image' | 'image_url' | 'input_audio' | 'audio_url';

export interface TemplateRow {
  /** `text`: "[INST] " is typed as plain text. `control`: [INST] is one token that no text can produce. */
  readonly instructionMarkers: 'text' | 'control';
  /** Where system messages go: joined into one user message, or each in its place between [SYSTEM_PROMPT] tokens. */
  readonly systemPrompt: 'first-user' | 'last-user' | 'in-place';
  /** Before which user message the tool list stands. */
  readonly availableTools: 'none' | 'last-user' | 'first-user';
  /**
   * `json`: one [TOOL_CALLS] and an array of {name, arguments}; `json-id`: with an id in each;
   * `args-id`: per call [TOOL_CALLS] name [CALL_ID] id [ARGS] arguments; `args`: the same without the id.
   */
  readonly toolCalls: 'none' | 'json' | 'json-id' | 'args-id' | 'args';
  /**
   * What stands between [TOOL_RESULTS] tokens. `json-list`: [{name, content}]; `json`: {content, call_id};
   * `id-text`: id [TOOL_CONTENT] text; `text`: the text.
   */
  readonly toolResults: 'none' | 'json-list' | 'json' | 'id-text' | 'text';
  /** Whether calls and results before the last user message are still told to the model. */
  readonly toolHistory: 'kept' | 'dropped';
  /** Order of the results in one run: as given, or as the calls they answer. */
  readonly resultOrder: 'given' | 'by-call';
  /** Whether an assistant message may hold text and calls; if not, it must hold exactly one of them. */
  readonly textWithCalls: 'allowed' | 'refused';
  /** Spaces at the end of an assistant text. */
  readonly assistantTrailingSpaces: 'kept' | 'trimmed';
  /** What identifies a call: anything, 9 alphanumerics, or any text but none and "null". */
  readonly callIds: 'anything' | 'nine-alphanumerics' | 'any-text';
  /** Whether each result answers one call of the message before it, or only their numbers are compared. */
  readonly results: 'counted' | 'matched';
  /** How many results the calls of one message may have where they are encoded. */
  readonly resultsPerMessage: 'one' | 'many';
  /** What joins neighbouring text chunks of one message. */
  readonly chunkSeparator: '\n\n' | '';
  readonly thinking: 'refused' | 'encoded';
  /** Whether a model may write its thought as text, `<think>` at the very beginning of an answer. */
  readonly plainThought: 'none' | 'think-tags';
  /** What a thought may stand before where a grammar holds the answer; the grammars of mistral-common 1.13.1. */
  readonly thoughtBeforeForm: 'none' | 'calls' | 'calls-and-json';
  readonly modelSettings: 'refused' | 'encoded';
  /** Whether the oldest messages can be dropped to fit a context. */
  readonly truncation: 'ignored' | 'oldest-first';
  readonly fim: 'refused' | 'suffix-first';
  /** The control tokens without which it cannot be written. */
  readonly needs: readonly string[];
  /** A control token that no other version has. */
  readonly sign?: string;
  /** Control tokens that came with it. */
  readonly controls?: readonly string[];
  /** Names of models that use it although their vocabulary fits another version too; lower case, `-` between words. */
  readonly names?: RegExp;
  /** What a Jinja template of this version contains, and what it does not. */
  readonly mark?: {readonly has: string; readonly without?: string};
  /** Chunk types each role accepts; media pass here and are refused by name when they are encoded. */
  readonly chunks: Readonly<Record<'system' | 'user' | 'assistant' | 'tool', readonly ChunkType[]>>;
}

const IMAGES: readonly ChunkType[] = ['image', 'image_url'];
const AUDIO: readonly ChunkType[] = ['input_audio', 'audio_url'];
const TEXT_ONLY = {system: ['text'], user: ['text'], assistant: ['text'], tool: ['text']} as const;

const V1: TemplateRow = {
  needs: [],
  instructionMarkers: 'text',
  systemPrompt: 'first-user',
  availableTools: 'none',
  toolCalls: 'none',
  toolResults: 'none',
  toolHistory: 'kept',
  resultOrder: 'given',
  textWithCalls: 'refused',
  assistantTrailingSpaces: 'kept',
  callIds: 'anything',
  results: 'counted',
  resultsPerMessage: 'many',
  chunkSeparator: '\n\n',
  thinking: 'refused',
  plainThought: 'none',
  thoughtBeforeForm: 'none',
  modelSettings: 'refused',
  truncation: 'ignored',
  fim: 'refused',
  chunks: TEXT_ONLY,
};

const V2: TemplateRow = {
  ...V1,
  needs: ['[INST]', '[TOOL_CALLS]'],
  instructionMarkers: 'control',
  systemPrompt: 'last-user',
  availableTools: 'last-user',
  toolCalls: 'json',
  toolResults: 'json-list',
  toolHistory: 'dropped',
  assistantTrailingSpaces: 'trimmed',
  resultsPerMessage: 'one',
  fim: 'suffix-first',
};

const V3: TemplateRow = {
  ...V2,
  mark: {has: 'call_id', without: '[SYSTEM_PROMPT]'},
  names: /nemo|ministral-8b|pixtral-12b|mistral-small.*2409/,
  toolCalls: 'json-id',
  toolResults: 'json',
  toolHistory: 'kept',
  callIds: 'nine-alphanumerics',
  resultsPerMessage: 'many',
  chunks: {...TEXT_ONLY, user: ['text', ...IMAGES]},
};

const V7: TemplateRow = {
  ...V3,
  needs: ['[INST]', '[SYSTEM_PROMPT]', '[TOOL_CONTENT]'],
  mark: {has: '[SYSTEM_PROMPT]'},
  names: /mistral-small.*(24b|3\.[01]|250[13])|pixtral-large|mistral-large.*2411|voxtral/,
  systemPrompt: 'in-place',
  toolResults: 'id-text',
  textWithCalls: 'allowed',
  truncation: 'oldest-first',
  chunks: {
    system: ['text', 'input_audio', 'thinking'],
    user: ['text', ...IMAGES, ...AUDIO],
    assistant: ['text'],
    tool: ['text'],
  },
};

const V11: TemplateRow = {
  ...V7,
  needs: ['[INST]', '[SYSTEM_PROMPT]', '[TOOL_CONTENT]', '[ARGS]', '[CALL_ID]'],
  mark: {has: '[CALL_ID]'},
  controls: ['[ARGS]', '[CALL_ID]'],
  names: /(?:mistral-small|magistral).*2506|mistral-small.*3\.2|devstral.*2505/,
  toolCalls: 'args-id',
  plainThought: 'think-tags',
  resultOrder: 'by-call',
  results: 'matched',
  chunks: {...V7.chunks, assistant: ['text', 'thinking']},
};

const V13: TemplateRow = {
  ...V11,
  needs: ['[INST]', '[SYSTEM_PROMPT]', '[ARGS]'],
  mark: {has: '[ARGS]', without: '[CALL_ID]'},
  controls: ['[THINK]', '[/THINK]'],
  names: /magistral(?!.*2506)|devstral(?!.*2505)|ministral-3|mistral-large-3/,
  availableTools: 'first-user',
  callIds: 'any-text',
  toolCalls: 'args',
  toolResults: 'text',
  thinking: 'encoded',
  plainThought: 'none',
  thoughtBeforeForm: 'calls',
};

const V15: TemplateRow = {
  ...V13,
  needs: ['[INST]', '[SYSTEM_PROMPT]', '[ARGS]', '[MODEL_SETTINGS]'],
  sign: '[MODEL_SETTINGS]',
  mark: {has: '[MODEL_SETTINGS]'},
  controls: ['[MODEL_SETTINGS]', '[/MODEL_SETTINGS]'],
  names: /mistral-small-4|small-2603|mistral-medium-3[.-]5/,
  chunkSeparator: '',
  thoughtBeforeForm: 'calls-and-json',
  modelSettings: 'encoded',
  chunks: {...V13.chunks, system: ['text', 'input_audio'], tool: ['text', ...IMAGES, ...AUDIO]},
};

/** Oldest first. Source: mistral-common 1.13.1, compared call by call over generated requests. */
const ROWS = {v1: V1, v2: V2, v3: V3, v7: V7, v11: V11, v13: V13, v15: V15} as const;

export type TemplateVersion = keyof typeof ROWS;

/** How well a template is known: stated or printed in a form of its own, fitting, or one of several that would fit. */
export type TemplateConfidence = 'sure' | 'likely' | 'guess';

/** What a model's prompts are: one of Mistral's versions, a template of another model, or nothing that anybody says. */
export type TemplateName = TemplateVersion | 'foreign' | 'unknown';

/** Whether prompts are written in one of Mistral's versions. */
export function isVersion(name: TemplateName | undefined): name is TemplateVersion {
  return name !== undefined && Object.hasOwn(TEMPLATES, name);
}

export const TEMPLATES: Readonly<Record<TemplateVersion, TemplateRow>> = ROWS;

export const templateVersions = (): TemplateVersion[] => Object.keys(TEMPLATES) as TemplateVersion[];
