// The engine's own thread: the library, one open model and its answers. It computes in this thread, one step after the
// other, and looks at its messages in between. A program of its own, started by engine-thread.ts.
import {parentPort, workerData} from 'node:worker_threads';
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import {textPrompt} from '../../contract/prompt.ts';
import type {GpuDevice} from '../../models/memory/gpu-spread.ts';
import {AnswerBatch} from '../batching/answer-batch.ts';
import type {StepSigns} from '../batching/scheduler.ts';
import type {CLibrary} from '../c-api/c-library.ts';
import type {CEngine, CModel} from '../c-api/c-model.ts';
import {type LibraryFiles, libraryAt, shippedLibrary} from '../c-api/library-files.ts';
import {MappedFiles} from '../mapped-files.ts';
import {
  type AnswerNews,
  type FromWorker,
  failureOf,
  type OpenRequest,
  type ReplyValue,
  type ToWorker,
  type WorkerSetting,
} from './messages.ts';
import {PostedAnswer} from './posted-answer.ts';
import {AnswerFlags, SharedFlags} from './shared-flags.ts';

/** enum ggml_log_level. */
const LEVELS = ['info', 'debug', 'info', 'warn', 'error', 'info'];
const KEPT_LINES = 200;

const {shared, library: libraryPath} = workerData as WorkerSetting;
const flags = new SharedFlags(shared);
const stopByte = new Uint8Array(shared);
const post = (message: FromWorker) => parentPort?.postMessage(message);

interface Open {
  readonly model: CModel;
  readonly answers: AnswerBatch;
  readonly mapped: MappedFiles;
}

/** The one asked for last. */
let embedding: Promise<unknown> = Promise.resolve();
let isClosing = false;
let engine: CEngine | undefined;
let open: Open | undefined;

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'open') openModel(message.request);
  else if (open) take(message, open);
});

try {
  const files = libraryPath === undefined ? shippedLibrary() : libraryAt(libraryPath);
  engine = (await theCEngine())(files);
  const {release, stopFlag} = engine.library;
  const gpus = libraryPath === undefined ? [] : gpusOf(engine.library);
  post({type: 'ready', facts: {release, gpus, stopOffset: stopFlag?.offset}});
} catch (error) {
  refuse(error);
}

/** The one beside the addon is for the processor; of others this is to be known before a model is planned. */
function gpusOf(library: CLibrary): GpuDevice[] {
  const stopListening = library.listen(() => undefined);
  try {
    library.loadBackends();
    return library.gpus();
  } finally {
    stopListening();
  }
}

/** @throws EngineError `unsupported` where the package that calls C functions does not load. */
async function theCEngine(): Promise<(files: LibraryFiles) => CEngine> {
  try {
    return (await import('../c-api/c-model.ts')).loadCEngine;
  } catch (error) {
    throw new EngineError('unsupported', `C functions cannot be called here: ${reasonOf(error)}`, {
      hint: 'Install mistral-chat again without --omit=optional, or leave out --engine and --library.',
    });
  }
}

/** The last message: nothing is left that could be asked. */
function refuse(error: unknown, lines: readonly string[] = []): void {
  post({type: 'refused', failure: failureOf(error), lines});
  parentPort?.close();
}

function openModel(request: OpenRequest): void {
  if (!engine) return;
  const {library} = engine;
  const lines: string[] = [];
  const stopListening = library.listen((level, text) => {
    if (request.wantsLog) post({type: 'log', level: LEVELS[level] ?? 'info', text});
    lines.push(...text.split('\n').filter((line) => line.trim() !== ''));
    lines.splice(0, lines.length - KEPT_LINES);
  });
  let model: CModel | undefined;
  try {
    library.loadBackends();
    const mapped = new MappedFiles(request.mappedPaths);
    let toldPercent = -1;
    model = engine.open({
      ...request,
      stop: stopByte,
      onProgress: (fraction) => {
        const percent = Math.floor(fraction * 100);
        if (percent > toldPercent) post({type: 'progress', fraction});
        toldPercent = percent;
        return !flags.isLoadingEnded;
      },
    });
    const contextSize = Math.min(model.contextSize, request.limit ?? model.contextSize);
    open = {model, mapped, answers: answersOf(model, mapped, library, {...request, contextSize})};
    const {trainedContextSize, endTokens} = model;
    post({type: 'opened', facts: {contextSize, trainedContextSize, endTokens}});
  } catch (error) {
    model?.free();
    refuse(error, lines);
  } finally {
    stopListening();
  }
}

type News = readonly [id: number, news: AnswerNews];
let gathered: News[] = [];
/** Those that run under a guide. */
const guided = new Map<number, PostedAnswer>();

function gather(id: number, news: AnswerNews): void {
  gathered.push([id, news]);
  // What no step follows, such as the end of all when the model is closed.
  if (gathered.length === 1) setImmediate(postNews);
}

function postNews(): void {
  if (gathered.length === 0) return;
  post({type: 'news', news: gathered});
  gathered = [];
}

function answersOf(
  {native, isRecurrent, endTokens}: CModel,
  mapped: MappedFiles,
  {stopFlag}: CLibrary,
  {slots, contextSize, batchSize, threads, gpuLayers}: OpenRequest,
): AnswerBatch {
  const ends = new Set(endTokens);
  const signs: StepSigns = {
    // A recurrent state cannot be cut back to what a stopped step left whole; a GPU does not ask whether to stop.
    canStop: stopFlag !== undefined && !isRecurrent && gpuLayers === 0,
    begin: (answers, breakable) => {
      if (stopFlag) stopByte[stopFlag.offset] = 0;
      flags.beginStep(
        answers.map((answer) => (answer as PostedAnswer).id),
        breakable,
      );
    },
    end: () => flags.endStep(),
  };
  return new AnswerBatch({
    native,
    slots,
    isRecurrent,
    contextSize,
    batchSize,
    threads,
    isEnd: (token) => ends.has(token),
    beforeDecode: () => mapped.check(),
    signs,
    onThreads: (count) => post({type: 'threads', threads: count}),
    onEvents: postNews,
    onIdle: () => flags.fallAsleep(),
  });
}

function take(message: Exclude<ToWorker, {type: 'open'}>, {answers, model, mapped}: Open): void {
  if (message.type === 'submit') {
    const {id, tokens, options, guide} = message;
    const request = {prompt: textPrompt(tokens), options, guide};
    const answer = new PostedAnswer(id, new AnswerFlags(message.flags), request, gather);
    for (const [other, {over}] of guided) if (over) guided.delete(other);
    if (guide) guided.set(id, answer);
    answers.submit(answer);
  } else if (message.type === 'guide') {
    guided.get(message.id)?.hear(message.word);
    answers.wake();
  } else if (message.type === 'wake') {
    answers.wake();
  } else if (message.type === 'save') {
    reply(message.call, answers.saveState(message.path, message.key));
  } else if (message.type === 'load') {
    reply(message.call, answers.loadState(message.path, message.tokens));
  } else if (message.type === 'embed') {
    const {tokens, pooling} = message;
    // One after the other: each has a context of its own.
    const embedded = embedding.then(() => model.embed(tokens, pooling, () => !isClosing));
    embedding = embedded.catch(() => undefined);
    reply(message.call, embedded);
  } else {
    isClosing = true;
    const closed = Promise.all([answers.close(), embedding]).then(() => {
      postNews();
      open = undefined;
      model.free();
      mapped.close();
      return true;
    });
    reply(message.call, closed);
  }
}

function reply(call: number, value: Promise<ReplyValue>): void {
  value.then(
    (done) => post({type: 'reply', call, value: done}),
    (error) => post({type: 'reply', call, failure: failureOf(error)}),
  );
}
