// Goldens of the dialects: a request, the engine's events, and the exact reply; ids, times and durations are replaced on both sides.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {defined} from '../../../src/base/defined.ts';
import {EngineError, type ErrorCode} from '../../../src/base/errors.ts';
import {toPlain} from '../../../src/base/json.ts';
import type {GenerationEvent, ModelInfo, Usage} from '../../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest, Message} from '../../../src/engine/contract/requests.ts';
import {HttpError} from '../../../src/serve/http-error.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {serverOn} from '../server.ts';

interface Refused {
  readonly refuse: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly retryAfter?: number;
  };
}
type Played = GenerationEvent | {readonly fail: string};

export interface GoldenReply {
  readonly name: string;
  readonly path: string;
  readonly request: object;
  readonly engine?: readonly Played[] | Refused;
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter?: number;
  readonly body?: unknown;
  readonly events?: readonly object[];
  readonly lines?: readonly object[];
}

export interface GoldenRequest {
  readonly name: string;
  readonly body: object;
  // biome-ignore lint/suspicious/noExplicitAny: the tests state literally what is in there
  readonly want: any;
}

export function readGoldens<Golden>(folder: string, file: string): Golden[] {
  const text = readFileSync(join(folder, file), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const TIMINGS = {
  firstTokenMs: 20,
  promptMs: 2,
  generationMs: 2,
  promptTokensPerSecond: undefined,
  tokensPerSecond: undefined,
};

/** A backend that plays these events; its prompts are as long as the goldens say. */
class PlayedBackend extends ScriptedBackend {
  readonly #engine: GoldenReply['engine'];

  constructor(engine: GoldenReply['engine'], model: Partial<ModelInfo>) {
    super([], {id: 'mistral-demo', template: 'v13', ...model});
    this.#engine = engine;
  }

  override async *chat(): AsyncGenerator<GenerationEvent> {
    const engine = this.#engine ?? [];
    if ('refuse' in engine) throw refusal(engine);
    const usage: Usage = engine.flatMap((event) =>
      'type' in event && event.type === 'finish' ? [event.usage] : [],
    )[0] ?? {
      promptTokens: 7,
      cachedTokens: 0,
      completionTokens: 0,
    };
    yield {type: 'prompt', tokens: Array(usage.promptTokens).fill(1), cached: usage.cachedTokens};
    for (const event of engine) {
      if ('fail' in event) throw new EngineError('engine_failed', event.fail);
      yield event.type === 'finish' ? {...event, timings: TIMINGS, seed: 1} : event;
    }
  }

  override render() {
    return {...super.render({messages: [] as Message[], sampling: {temperature: 0}}), tokens: [1, 1, 1, 1, 1, 1, 1]};
  }
}

function refusal({refuse: {status, code, message, retryAfter}}: Refused): Error {
  const context = {promptTokens: 5000, contextSize: 4096};
  if (status === 400) return new EngineError(code as ErrorCode, message, {context});
  return new HttpError(status, message, {code, ...(retryAfter !== undefined && {retryAfter})});
}

const IDS = /\b(resp|msg|rs|fc|req)_[0-9a-f]+\b/g;

/** The same value with ids numbered in the order they appear, and all times and durations as 0. */
export function normalised<Value>(value: Value): Value {
  const seen = new Map<string, string>();
  const text = JSON.stringify(value).replace(IDS, (id, prefix) => {
    if (!seen.has(id)) seen.set(id, `${prefix}_${String(seen.size + 1).padStart(4, '0')}`);
    return seen.get(id) ?? id;
  });
  return JSON.parse(text, (key, member) => {
    if (/^(?:created_at|completed_at|.*_duration)$/.test(key) && member !== null) return 0;
    return key === 'request_id' ? 'req_0001' : member;
  });
}

export interface GoldenAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Asks over a real connection: a failure in an open stream changes the status in the log, not the client's. */
export async function ask(golden: GoldenReply, model: Partial<ModelInfo> = {}): Promise<GoldenAnswer> {
  const {listen} = await serverOn(new PlayedBackend(golden.engine, model));
  const reply = await fetch((await listen()) + golden.path, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(golden.request),
  });
  const {status, headers} = reply;
  const contentType = headers.get('content-type') ?? '';
  return {status, contentType, retryAfter: headers.get('retry-after'), text: await reply.text()};
}

/** What a reader made of a body, as plain data: what the model is told, and the limit of tokens. */
export function wireRequest({
  messages,
  tools,
  responseFormat,
  reasoningEffort,
  sampling,
}: ChatCompletionRequest): object {
  const format = responseFormat?.type === 'json_schema' && {...responseFormat, schema: toPlain(responseFormat.schema)};
  return defined({
    messages,
    tools: tools?.map((tool) => ({...tool, parameters: toPlain(tool.parameters)})),
    responseFormat: format || responseFormat,
    reasoningEffort,
    maxTokens: sampling.maxTokens,
  });
}

/** Each event of a stream: its name and its data. */
export function namedEvents(text: string): {name: string; data: unknown}[] {
  const blocks = text.split('\n\n').filter((block) => block.startsWith('event: '));
  return blocks.map((block) => {
    const [name = '', data = ''] = block.split('\n');
    return {name: name.slice('event: '.length), data: JSON.parse(data.slice('data: '.length))};
  });
}
