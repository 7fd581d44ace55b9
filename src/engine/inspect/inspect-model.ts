// What a GGUF file is, can do and needs: everything `mistral inspect` shows, from the header alone.
import {readdirSync} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import type {KeptResults} from '../../base/files/kept-results.ts';
import {KV_TYPES, type KvType, type Machine} from '../contract/local-engine.ts';
import type {RecommendedSampling} from '../contract/sampling.ts';
import type {TemplateConfidence, TemplateName} from '../contract/templates.ts';
import {systemText} from '../conversation/own-system.ts';
import {fileTypeName} from '../gguf/file-types.ts';
import {type ModelShape, modelShape} from '../gguf/model-shape.ts';
import {checkLoadable} from '../gguf/preflight.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {recommendedSampling} from '../models/defaults/recommended-sampling.ts';
import {memoryNeed} from '../models/memory/memory-needs.ts';
import {type Abilities, abilitiesOf} from '../template/abilities.ts';
import {defaultSystemOf} from '../template/default-system.ts';
import {loadFromGguf, loadUnproved} from '../template/load-tokenizer.ts';
import {type ModelSetting, settingLines} from '../template/model-settings.ts';
import {type DetectedTemplate, templateName} from '../template/version/detect.ts';
import {type AttentionReport, attentionReport, scaleNote} from './attention.ts';

export interface TypeShare {
  readonly type: string;
  readonly tensors: number;
  readonly bytes: number;
}

export interface MemoryRow {
  /** Tokens. */
  readonly context: number;
  /** Bytes of weights, cache and work buffers together, by KV type. */
  readonly total: Readonly<Partial<Record<KvType, number>>>;
}

/** A folder whose weights are to be converted; the rest of an inspection is of the file it will become. */
export interface SourceReport {
  readonly format: 'mistral' | 'hf';
  /** Number formats of the weights. */
  readonly types: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

export interface Inspection {
  /** Of the file, or of the folder. */
  readonly path: string;
  /** Undefined for a GGUF. */
  readonly source?: SourceReport;
  readonly bytes: number;
  readonly name: string | undefined;
  readonly license: string | undefined;
  readonly shape: ModelShape;
  readonly parameters: number;
  readonly quantisation: string | undefined;
  readonly bitsPerWeight: number;
  readonly types: readonly TypeShare[];
  /** Windows and YaRN, where the file has them. */
  readonly attention: AttentionReport;
  readonly tokenizer: TokenizerReport | undefined;
  readonly template: TemplateReport | undefined;
  /** The system prompt that is recommended, as it is today; it is not sent unasked. */
  readonly systemPrompt?: {readonly origin: string; readonly text: string};
  /** What is recommended, each figure with its origin. */
  readonly sampling: RecommendedSampling;
  readonly memory: readonly MemoryRow[];
  /** Largest context that fits this machine with an F16 cache, up to the trained one; 0 when not even the weights do. */
  readonly fittingContext: number;
  /** Why it cannot be loaded; undefined when it can. */
  readonly problem: string | undefined;
  /** What is odd or missing but harmless to this program. */
  readonly notes: readonly string[];
}

/** Which template the file asks for, how sure that is and why. */
export interface TemplateReport {
  readonly version: TemplateName;
  /** Null where nobody can say. */
  readonly confidence: TemplateConfidence | null;
  readonly reasons: readonly string[];
  /** The system prompt that its own chat template has; it is not sent unasked. */
  readonly default_system: string | null;
  /** Settings that its own chat template prints. */
  readonly settings: readonly ModelSetting[];
}

export interface TokenizerReport extends Abilities {
  readonly family: 'spm' | 'tekken';
  readonly tokens: number;
  readonly template: TemplateName;
  readonly templateReason: string;
  /** Model settings that the tokenizer file names; undefined where no file says anything. */
  readonly settings?: readonly ModelSetting[];
  /** The same in words, and what is odd about them. */
  readonly settingLines?: readonly string[];
}

const SHOWN_CONTEXTS = [4096, 8192, 32_768, 131_072];
const SHOWN_KV_TYPES = KV_TYPES.filter((type) => ['F16', 'Q8_0', 'Q4_0'].includes(type));
const RESERVE = 1e9;

/** Inspects a file whose header is read; `bytes` are those of all its parts, `kept` renderings of earlier runs. */
export function inspectModel(file: GgufFile, bytes: number, machine: Machine, kept?: KeptResults): Inspection {
  const shape = modelShape(file);
  const parameters = file.tensors.reduce((sum, {shape: sizes}) => sum + product(sizes), 0);
  const {tokenizer, template, systemPrompt, problem: vocabularyProblem} = tokenizerReport(file, kept);
  const {sampling, notes: samplingNotes} = recommendedSampling(file);
  const fileType = file.metadata.number('general.file_type');
  const attention = attentionReport(file);
  const scale = scaleNote(attention);
  return {
    path: file.path,
    bytes,
    name: file.metadata.string('general.name'),
    license: file.metadata.string('general.license'),
    shape,
    parameters,
    quantisation: fileType === undefined ? undefined : fileTypeName(fileType),
    bitsPerWeight:
      parameters === 0 ? 0 : (8 * file.tensors.reduce((sum, tensor) => sum + (tensor.bytes ?? 0), 0)) / parameters,
    types: typeShares(file),
    attention,
    tokenizer,
    template,
    ...(systemPrompt && {systemPrompt}),
    sampling,
    memory: memoryRows(shape, bytes),
    fittingContext: fittingContext(shape, bytes, machine),
    problem: loadProblem(file) ?? vocabularyProblem,
    notes: [...samplingNotes, ...leftOutNotes(file), ...(scale === undefined ? [] : [scale]), ...oddities(file, shape)],
  };
}

function typeShares({tensors}: GgufFile): TypeShare[] {
  const shares = new Map<string, {tensors: number; bytes: number}>();
  for (const {type, bytes = 0} of tensors) {
    const share = shares.get(type) ?? {tensors: 0, bytes: 0};
    shares.set(type, {tensors: share.tensors + 1, bytes: share.bytes + bytes});
  }
  return [...shares].map(([type, share]) => ({type, ...share})).sort((a, b) => b.bytes - a.bytes);
}

type FileReport = Partial<Pick<Inspection, 'tokenizer' | 'template' | 'systemPrompt'>> & {problem?: string};

function tokenizerReport(file: GgufFile, kept: KeptResults | undefined): FileReport {
  try {
    const loaded = loadFromGguf(file, undefined, {kept});
    const {tokenizer, template, versionReason, modelSettings} = loaded;
    const system = defaultSystemOf(loaded);
    return {
      ...(system && {systemPrompt: {origin: system.origin, text: systemText(system.at(new Date()))}}),
      template: templateReport(template),
      tokenizer: {
        family: tokenizer.family,
        tokens: tokenizer.vocabSize,
        template: templateName(template),
        templateReason: versionReason,
        ...abilitiesOf(tokenizer, template),
        ...(modelSettings && {settings: modelSettings.settings, settingLines: settingLines(modelSettings)}),
      },
    };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const template = unprovedTemplate(file);
    return {problem: error.message, ...(template && {template: templateReport(template)})};
  }
}

/** Of a vocabulary that only the engine reads: its template is known all the same. */
function unprovedTemplate(file: GgufFile): DetectedTemplate | undefined {
  try {
    return loadUnproved(file, () => [], {}).template;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

function templateReport(template: DetectedTemplate): TemplateReport {
  const own = template.form === 'mistral' ? template : undefined;
  return {
    version: templateName(template),
    confidence: template.confidence ?? null,
    reasons: template.reasons,
    default_system: own?.defaultSystem ?? null,
    settings: own?.settings?.settings ?? [],
  };
}

function memoryRows(shape: ModelShape, bytes: number): MemoryRow[] {
  const trained = shape.usableContext;
  const contexts = SHOWN_CONTEXTS.filter((context) => context < trained);
  if (trained <= (SHOWN_CONTEXTS.at(-1) as number)) contexts.push(trained);
  return contexts.map((context) => ({
    context,
    total: Object.fromEntries(SHOWN_KV_TYPES.map((type) => [type, memoryNeed(shape, bytes, context, type).total])),
  }));
}

function fittingContext(shape: ModelShape, bytes: number, machine: Machine): number {
  const room = machine.ramBytes + machine.vramBytes - RESERVE;
  const needed = (context: number) => memoryNeed(shape, bytes, context, 'F16').total;
  const trained = shape.usableContext;
  if (needed(trained) <= room) return trained;
  // The need grows by the same amount for every step of the cache.
  const step = needed(256) - needed(0);
  return Math.max(0, Math.floor((room - needed(0)) / step) * 256);
}

function loadProblem(file: GgufFile): string | undefined {
  try {
    checkLoadable(file);
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

/** What belongs to the model and is for images or sounds: this program is text only. */
function leftOutNotes({path, metadata}: GgufFile): string[] {
  const leftOut = ['vision', 'audio'].filter((part) => metadata.string(`mistral.${part}`) !== undefined);
  const projector = readdirSync(dirname(path)).find((name) => /mmproj.*\.gguf$/i.test(name));
  return [
    ...leftOut.map((part) => `the source has ${withArticle(part)} encoder, which is left out: this file is text only`),
    ...(projector === undefined ? [] : [`vision: ${projector} lies beside it and is not used`]),
  ];
}

const withArticle = (word: string) => `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;

function oddities({metadata}: GgufFile, shape: ModelShape): string[] {
  const notes: string[] = [];
  const template = metadata.string('tokenizer.chat_template');
  if (template === undefined) notes.push('no chat template: other programs have to know its prompts from elsewhere');
  else if (/^mistral-v[\w-]+$/.test(template)) notes.push(`the chat template is only a name (${template})`);
  if (shape.heads > 0 && metadata.number(`${shape.architecture}.rope.freq_base`) === undefined) {
    notes.push('no rotary base: llama.cpp takes 10000, which is wrong for most Mistral models');
  }
  if (shape.context === undefined) {
    notes.push(`no context length: ${shape.usableContext} is taken; other programs refuse the file`);
  }
  const names = metadata.keys;
  if (!names.includes('tokenizer.ggml.fim_suf_token_id'))
    notes.push('no FIM ids: other tools cannot fill in the middle');
  if (!names.includes('general.file_type')) notes.push('the quantisation is not named in the file');
  return notes;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
