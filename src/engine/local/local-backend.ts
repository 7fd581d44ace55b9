// The Backend that runs here: request to ids by the template, ids to ids by the engine, ids to events by the parser.
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import {inTurns} from '../../base/in-turns.ts';
import type {JsonObject} from '../../base/json.ts';
import {unlessStopped} from '../../base/signals.ts';
import type {
  Backend,
  DefaultSystem,
  Embedding,
  GenerationEvent,
  KvState,
  ModelInfo,
  PublishedSystem,
  TokenModel,
} from '../contract/backend.ts';
import {repeatableCallIds} from '../contract/call-ids.ts';
import {checkLength, type Prompt, type Token, type Tokenized, textPrompt} from '../contract/prompt.ts';
import type {ChatCompletionRequest, CompletionRequest, FIMRequest} from '../contract/requests.ts';
import {type RecommendedSampling, type SamplingParams, validateSampling} from '../contract/sampling.ts';
import {TEMPLATES, type TemplateVersion, templateVersions} from '../contract/templates.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {abilitiesOf} from '../template/abilities.ts';
import {requestGrammar, textGrammar} from '../template/encode/answer-grammar.ts';
import {encodeFim} from '../template/encode/encode-fim.ts';
import type {FileTokens} from '../template/foreign/file-tokens.ts';
import type {ForeignPrompt} from '../template/foreign/foreign-chat.ts';
import {effortNote, effortOf, effortsAsked, type ModelSettings, withoutEffort} from '../template/model-settings.ts';
import {answerSpeller} from '../template/parse/answer-decoder.ts';
import {OutputParser} from '../template/parse/output-parser.ts';
import {PromptWriter} from '../template/prompt-writer.ts';
import {rawTextSteps} from '../template/raw-text.ts';
import {type DetectedTemplate, templateName} from '../template/version/detect.ts';
import {fimVersion, requireVersion} from '../template/version/require-version.ts';
import {LengthBound} from '../tokenizer/length-bound.ts';
import {type TurnOptions, writeInTurns} from '../tokenizer/write-in-turns.ts';
import {suffixStop} from './fim-stop.ts';
import {type GenerationInput, generate, notBegun} from './generate.ts';
import {PlainOutput} from './plain-output.ts';
import {type ThoughtBudget, thoughtBudget} from './thought-budget.ts';
import {thoughtGuide} from './thought-guide.ts';
import {withinLimits} from './token-limits.ts';
import {unitVector} from './unit-vector.ts';

export interface LocalParts {
  readonly tokenModel: TokenModel;
  readonly tokenizer: Tokenizer;
  readonly template: DetectedTemplate;
  /** The chat template of the model's file, as it is there. */
  readonly chatTemplate?: string | undefined;
  /** Of a file with a template of another kind: the tokens around its texts. */
  readonly fileTokens?: FileTokens | undefined;
  readonly modelSettings?: ModelSettings | undefined;
  /** Settings that every request has, unless it says otherwise. */
  readonly chosenSettings?: JsonObject | undefined;
  readonly id: string;
  readonly path: string | undefined;
  readonly trainedContextSize: number | undefined;
  readonly device: string;
  /** What is recommended for the model. */
  readonly sampling?: RecommendedSampling | undefined;
  readonly defaultSystem?: DefaultSystem | undefined;
  readonly systemPublished?: PublishedSystem | undefined;
  readonly state?: KvState | undefined;
  /** Monotonic, in milliseconds; default: the process's own. */
  readonly now?: () => number;
}

export class LocalBackend implements Backend {
  readonly model: ModelInfo;
  readonly tokenizer: Tokenizer;
  declare readonly state?: KvState;
  declare readonly embed?: NonNullable<Backend['embed']>;
  readonly #parts: LocalParts;
  readonly #now: () => number;
  readonly #lengths: LengthBound;
  readonly #writer: PromptWriter;

  constructor(parts: LocalParts) {
    const {tokenModel, tokenizer, template} = parts;
    const {fim, tools} = abilitiesOf(tokenizer, template);
    this.#writer = new PromptWriter(parts);
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.tokenizer = tokenizer;
    if (tokenModel.embed) this.embed = (input, signal) => this.#embed(input, signal);
    if (parts.state) this.state = parts.state;
    this.#lengths = new LengthBound(tokenizer);
    this.model = {
      id: parts.id,
      path: parts.path,
      contextSize: tokenModel.contextSize,
      trainedContextSize: parts.trainedContextSize,
      template: templateName(template),
      templateReason: template.reasons.join('; '),
      templateConfidence: template.confidence,
      chatTemplate: parts.chatTemplate,
      supportsFim: fim,
      supportsTools: tools,
      efforts: takesSettings(template) ? effortsAsked(parts.modelSettings, parts.chosenSettings) : {levels: []},
      ...defined({
        sampling: parts.sampling,
        defaultSystem: parts.defaultSystem,
        systemPublished: parts.systemPublished,
      }),
      device: parts.device,
    };
  }

  /** @throws EngineError what the template refuses; a prompt too long for the context is refused by `chat` only. */
  render(request: ChatCompletionRequest, check?: () => void): Promise<Tokenized> {
    return this.#write(request, defined({check}));
  }

  async *chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const {tokenizer, template, tokenModel} = this.#parts;
    this.#validate(request.sampling);
    // With truncation, old messages go.
    const {checkLength: _any, ...turns} = this.#turns(signal);
    const writing = this.#write(request, request.truncateForContextLength === true ? turns : this.#turns(signal));
    const prompt = await unlessAborted(writing, signal);
    if (prompt === undefined) return yield* this.#notBegun(request);
    if ('end' in prompt) return yield* this.#foreign(request, prompt, signal);
    const version = requireVersion(template);
    const {grammar, thoughtful, forbidden} = await inTurns(requestGrammar(request, tokenizer, version), () =>
      signal.throwIfAborted(),
    );
    const budget = thoughtBudget(this.#room(prompt, request.sampling), request.sampling.thinkingBudget);
    const rules = {budget: budget.tokens, prompt: prompt.tokens, grammar, thoughtful};
    const guide = thoughtGuide(tokenizer, version, rules);
    const reader = new OutputParser(tokenizer, version, {
      prompt: prompt.tokens,
      ...(request.tools && {tools: request.tools}),
      ...repeatable(request, prompt),
    });
    const sampling = without(request.sampling, forbidden);
    const how = guide ? {guide} : grammar ? {grammar} : {};
    const {cacheOwner} = request;
    const input = {model: tokenModel, prompt, sampling, ...how, reader, cacheOwner, now: this.#now};
    yield* withNotes(this.#generate(input, signal), (finish) => this.#notes(request, guide && budget, finish));
  }

  /** A text is continued behind BOS, as mistral-inference's base models do; ids are taken as they are. */
  async *complete(request: CompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const {prompt: given, parseSpecial, sampling} = request;
    this.#validate(sampling);
    const writing = typeof given === 'string' ? this.#encodeText(given, parseSpecial ?? false, signal) : given;
    const prompt = await unlessAborted(writing, signal);
    yield* prompt === undefined ? this.#notBegun(request) : this.#plain(textPrompt(prompt), request, signal);
  }

  /** The middle ends at the model's own end, or where it begins to repeat the suffix (see `suffixStop`). */
  async *fim(request: FIMRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const {tokenizer, template} = this.#parts;
    this.#validate(request.sampling);
    const version = fimVersion(template, tokenizer);
    const writing = writeInTurns(tokenizer, (own) => encodeFim(request, own, version), this.#turns(signal));
    const prompt = await unlessAborted(writing, signal);
    if (prompt === undefined) return yield* this.#notBegun(request);
    const suffix = suffixStop(request.suffix ?? '');
    const stop = [...(request.sampling.stop ?? []), ...(suffix === undefined ? [] : [suffix])];
    yield* this.#plain(prompt, {...request, sampling: {...request.sampling, stop}}, signal);
  }

  async #embed(input: string | readonly Token[], signal: AbortSignal): Promise<Embedding> {
    const {tokenizer, tokenModel, fileTokens} = this.#parts;
    const start = fileTokens?.addsBos === false ? [] : [tokenizer.bos];
    const write = (own: Tokenizer) => (typeof input === 'string' ? [...start, ...own.encode(input)] : input);
    const tokens = await writeInTurns(tokenizer, write, this.#turns(signal));
    const states = await unlessStopped(Promise.resolve(tokenModel.embed?.(tokens, signal)), signal);
    if (!states) throw new EngineError('unsupported', 'this model gives no embeddings');
    return {...states, vector: unitVector(states.vector), tokens: tokens.length};
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#parts.tokenModel.close();
  }

  /** Behind BOS, unless the text begins with it by its name. */
  async #encodeText(text: string, parseSpecial: boolean, signal: AbortSignal): Promise<readonly Token[]> {
    const {tokenizer, fileTokens} = this.#parts;
    this.#checkTexts([text]);
    const steps = parseSpecial ? rawTextSteps(text, tokenizer) : tokenizer.encodeSteps(text);
    const tokens = await inTurns(steps, () => signal.throwIfAborted());
    return fileTokens?.addsBos === false || tokens[0] === tokenizer.bos ? tokens : [tokenizer.bos, ...tokens];
  }

  /** How a prompt is written that must fit. */
  #turns(signal: AbortSignal): TurnOptions {
    return {checkLength: (texts) => this.#checkTexts(texts), check: () => signal.throwIfAborted()};
  }

  #write(request: ChatCompletionRequest, turns: TurnOptions): Promise<Tokenized | ForeignPrompt> {
    const {template, modelSettings, chosenSettings, tokenModel} = this.#parts;
    const room = tokenModel.contextSize - 1 - (request.sampling.maxTokens ?? 0);
    const isSilent = request.sampling.thinkingBudget === 0 && takesSettings(template);
    return this.#writer.write(isSilent ? withoutEffort(request, modelSettings, chosenSettings) : request, room, turns);
  }

  /** An answer to a template of another kind ends where that template ends answers. */
  async *#foreign(
    request: ChatCompletionRequest,
    prompt: ForeignPrompt,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent> {
    const {tokenizer, tokenModel: model} = this.#parts;
    const {tools = [], toolChoice, sampling: asked} = request;
    const offered = toolChoice === 'none' ? [] : tools;
    const reader = await this.#writer.reader({prompt: prompt.tokens, tools: offered, ...repeatable(request, prompt)});
    // The oldest version knows no calls and no thoughts: what is left is the form of the answer.
    const {grammar} = await inTurns(requestGrammar({...request, tools: []}, tokenizer, OLDEST));
    const sampling = {...asked, stop: [...(asked.stop ?? []), ...prompt.end.stops]};
    const {cacheOwner} = request;
    const ends = prompt.end.tokens;
    const input = {model, prompt, sampling, ...(grammar && {grammar}), reader, ends, cacheOwner, now: this.#now};
    yield* withNotes(this.#generate(input, signal), (finish) => this.#notes(request, undefined, finish));
  }

  #validate(sampling: SamplingParams): void {
    validateSampling(sampling);
    const unknown = [...(sampling.logitBias?.keys() ?? [])].find((token) => !this.#isToken(token));
    if (unknown === undefined) return;
    throw new EngineError('invalid_request', `logitBias names the token ${unknown}, which this model does not have`, {
      param: 'logitBias',
    });
  }

  /** Refuses what cannot fit before it is encoded, which takes seconds for megabytes. */
  #checkTexts(texts: readonly string[]): void {
    const {contextSize} = this.#parts.tokenModel;
    checkLength(this.#lengths.atLeast(texts, contextSize), contextSize, true);
  }

  #isToken(token: Token): boolean {
    return Number.isInteger(token) && token >= 0 && token < this.tokenizer.vocabSize;
  }

  /** What a person should know of how a request was understood. */
  #notes(request: ChatCompletionRequest, budget: ThoughtBudget | undefined, {thinkingCut}: Finish): readonly string[] {
    const {template, modelSettings, chosenSettings} = this.#parts;
    const {thinkingBudget} = request.sampling;
    const mapped = takesSettings(template) ? effortNote(request, modelSettings) : undefined;
    const effort = takesSettings(template) ? effortOf(request, modelSettings, chosenSettings) : undefined;
    const isWished = thinkingBudget !== undefined || (effort ?? 'none') !== 'none';
    const isShortened = thinkingCut && budget && budget.tokens < (thinkingBudget ?? Number.POSITIVE_INFINITY);
    return [
      ...(mapped === undefined ? [] : [mapped]),
      ...(budget === undefined && thinkingBudget !== undefined
        ? [template.version === undefined ? FOREIGN : NO_THOUGHTS]
        : []),
      ...(budget?.isCrowdedOut && isWished ? [NO_ROOM] : []),
      ...(isShortened ? [shortened(budget.tokens)] : []),
    ];
  }

  /** Tokens that an answer may have. */
  #room({tokens}: Prompt, {maxTokens = Number.POSITIVE_INFINITY}: SamplingParams): number {
    return Math.min(maxTokens, Math.max(0, this.#parts.tokenModel.contextSize - tokens.length));
  }

  #notBegun({sampling}: {readonly sampling: SamplingParams}): Iterable<GenerationEvent> {
    const reader = new PlainOutput(this.tokenizer, []);
    return notBegun({model: this.#parts.tokenModel, sampling, reader, now: this.#now});
  }

  #generate(input: GenerationInput, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const {prompt, sampling} = input;
    const spell = sampling.topLogprobs === undefined ? undefined : answerSpeller(prompt.tokens, this.tokenizer);
    return generate(withinLimits({...input, ...(spell && {spell})}, this.tokenizer), signal);
  }

  async *#plain(
    prompt: Prompt,
    {sampling, responseFormat, cacheOwner}: CompletionRequest | FIMRequest,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent> {
    const grammar = await inTurns(textGrammar(responseFormat), () => signal.throwIfAborted());
    const reader = new PlainOutput(this.tokenizer, prompt.tokens);
    const how = grammar ? {grammar} : {};
    const input = {model: this.#parts.tokenModel, prompt, sampling, ...how, reader, cacheOwner, now: this.#now};
    yield* this.#generate(input, signal);
  }
}

const NO_THOUGHTS = 'this model has no thoughts that a budget could limit';
const FOREIGN = "a thinking budget is kept for Mistral's own templates only: this model may think beyond it";
const NO_ROOM = 'there was no room for a thought beside the answer: a larger max_tokens, or context, gives it some';
const OLDEST = templateVersions()[0] as TemplateVersion;

/** Ids of calls that are the same for the same answer. */
function repeatable({sampling: {temperature, seed}}: ChatCompletionRequest, {tokens}: Prompt) {
  if (temperature !== 0 && seed === undefined) return {};
  return {newCallId: repeatableCallIds(tokens, temperature === 0 ? undefined : seed)};
}

const takesSettings = ({version}: DetectedTemplate) =>
  version !== undefined && TEMPLATES[version].modelSettings === 'encoded';

const shortened = (tokens: number) =>
  `the thought was ended after ${tokens} tokens to leave room for the answer: a larger max_tokens, or context, gives it more`;

type Finish = Extract<GenerationEvent, {readonly type: 'finish'}>;

async function* withNotes(
  events: AsyncIterable<GenerationEvent>,
  notesOf: (finish: Finish) => readonly string[],
): AsyncGenerator<GenerationEvent> {
  for await (const event of events) {
    if (event.type !== 'finish') yield event;
    else {
      const notes = notesOf(event);
      yield notes.length > 0 ? {...event, notes} : event;
    }
  }
}

/** What is written for a generation, or undefined when that was aborted meanwhile. */
async function unlessAborted<T>(writing: T | Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await writing;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The same sampling that never yields these tokens. */
function without(sampling: SamplingParams, forbidden: readonly Token[]): SamplingParams {
  if (forbidden.length === 0) return sampling;
  const bans = forbidden.map((token) => [token, -100] as const);
  return {...sampling, logitBias: new Map([...(sampling.logitBias ?? []), ...bans])};
}
