// From the model argument and the engine flags to a Backend that is ready, with what it does meanwhile on stderr.
import {basename, resolve} from 'node:path';
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import {unlessStopped} from '../../base/signals.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {GpuChoice, LocalOptions} from '../../engine/contract/local-engine.ts';
import type {GgufFile} from '../../engine/gguf/read-header.ts';
import {type OpenLocalOptions, openLocalBackend} from '../../engine/local/open-local.ts';
import {openRemote, type RemoteOptions, remoteModels} from '../../engine/remote/remote-backend.ts';
import {SERVER_LIMITS, type ServerLimits} from '../../engine/remote/remote-server.ts';
import {keptRenderings} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {showProgress} from '../host/progress.ts';
import {readFlagFile} from '../host/text-input.ts';
import {libraryChoice} from '../library-choice.ts';
import type {EngineFlags} from '../options.ts';
import {apiKeyFor} from './api-key.ts';
import {chosenSettings} from './chosen-settings.ts';
import {meant} from './meant.ts';
import {findForMachine, readyModel} from './ready-model.ts';
import {changesModel, findServer} from './running-servers.ts';

export interface OpenOptions {
  /** Answers generated at the same time. Default 1. */
  readonly slots?: number;
  /** Uses a `mistral serve` of this user that has the model open already. */
  readonly attach?: boolean;
  /** Refuses a model that no chat can be told to, before its weights are loaded. */
  readonly chats?: boolean;
  /** False: that the embedded model answers is said by the face itself. Default true. */
  readonly saysEmbedded?: boolean;
  /** Told how much is loaded, 0 to 1; without it a spinner on stderr tells it. */
  readonly onProgress?: (fraction: number) => void;
  /** Has a crash of the engine told in a line. Not for who is watched already, nor where milliseconds count. */
  readonly tellCrash?: boolean;
  /** Called when a step of the engine hangs. */
  readonly watch?: LocalOptions['watch'] & {};
  /** Called with how many threads compute each token; `--verbose` tells it too. */
  readonly onThreads?: LocalOptions['onThreads'] & {};
}

/**
 * Opens the server or the model that the command line and the environment mean (`meant`).
 * Throws EngineError with the reason when it cannot, and the reason of `io.stop` when the program is stopped meanwhile.
 */
export async function openBackend(
  io: Io,
  argument: string | undefined,
  flags: EngineFlags,
  {
    slots = 1,
    onProgress,
    attach = false,
    tellCrash = true,
    chats = false,
    saysEmbedded = true,
    watch,
    onThreads,
  }: OpenOptions = {},
): Promise<Backend> {
  const model = meant(io, argument, flags);
  if (model.kind === 'url') return await openUrl(io, model.url, flags);
  const found = await findForMachine(io, model.name, flags);
  const isSaid = model.name !== undefined || saysEmbedded;
  const file = await readyModel(io, found, flags, isSaid);
  const running = attach && !changesModel(flags) ? await findServer(io.env, file.path, io.stop, io.say) : undefined;
  if (running) return running;
  const loras = flags.loraPath === undefined ? [] : [await lora(io, flags.loraPath, file, flags)];
  const progress =
    onProgress === undefined ? showProgress(io, `loading ${basename(file.path)}`) : {update: onProgress, end() {}};
  const onLog = (level: string, message: string) => io.say(`${level}: ${message.trimEnd()}`);
  const options: OpenLocalOptions = {
    file,
    slots,
    chats,
    ...defined({keptRenderings: keptRenderings(io)}),
    ...(flags.foreign && {foreign: true}),
    ...engineOptions(flags),
    ...libraryChoice(io, flags),
    ...(flags.chatTemplate !== undefined && {
      chatTemplate: await readFlagFile(io, '--chat-template', flags.chatTemplate),
    }),
    loras,
    onProgress: progress.update,
    onFit: (line) => io.say(`memory: ${line}`),
    onNote: (line) => io.say(`note: ${line}`),
    signal: io.stop,
    ...(flags.verbose && {onLog}),
    ...(watch && {watch}),
    onThreads: (count) => {
      onThreads?.(count);
      if (flags.verbose) io.say(`info: ${count} ${count === 1 ? 'thread computes' : 'threads compute'} each token`);
    },
  };
  if (flags.gpu === undefined || flags.gpu === 'auto') (await import('../host/offer-gpu-build.ts')).offerGpuBuild(io);
  if (tellCrash) (await import('../processes/crash-watch.ts')).watchForCrash();
  try {
    return await unlessStopped(openLocalBackend(options), io.stop);
  } finally {
    progress.end();
  }
}

/** Names of the models that a server lists. @throws EngineError as `openBackend` does for one */
export function serverModels(io: Io, url: string, flags: EngineFlags): Promise<string[]> {
  return remoteModels(remoteOptions(io, url, flags));
}

function remoteOptions(io: Io, url: string, flags: EngineFlags): RemoteOptions {
  const apiKey = apiKeyFor(url, io.env, flags.apiKeyEnv);
  const {remoteModel: model, reasoningEffort} = flags;
  return {
    url,
    env: io.env,
    signal: io.stop,
    limits: serverLimits(flags),
    keyOverHttp: {flag: '--key-over-http', insists: flags.keyOverHttp === true},
    ...(apiKey && {apiKey}),
    ...(model !== undefined && {model}),
    ...(reasoningEffort !== undefined && {reasoningEffort}),
  };
}

async function openUrl(io: Io, url: string, flags: EngineFlags): Promise<Backend> {
  const options = remoteOptions(io, url, flags);
  const {tokenizer} = flags;
  if (tokenizer === undefined && flags.setting !== undefined) {
    throw new EngineError('usage', '--setting is for prompts that are rendered here', {
      hint: 'With --url also give --tokenizer.',
    });
  }
  if (tokenizer === undefined) return openRemote(options);
  const {openExactRemote} = await import('../../engine/remote/exact-backend.ts');
  const {openTokenizer} = await import('./open-tokenizer.ts');
  return openExactRemote(options, await openTokenizer(io, tokenizer, flags));
}

/** How long a server is waited for. */
function serverLimits({connectTimeout, replyTimeout, idleTimeout}: EngineFlags): ServerLimits {
  const milliseconds = (seconds: number | undefined, ms: number) => (seconds === undefined ? ms : seconds * 1000);
  return {
    connectMs: milliseconds(connectTimeout, SERVER_LIMITS.connectMs),
    replyMs: milliseconds(replyTimeout, SERVER_LIMITS.replyMs),
    idleMs: milliseconds(idleTimeout, SERVER_LIMITS.idleMs),
  };
}

/**
 * Opens the model, hands it to `use` and frees it again. After a stop the process's end frees it, without waiting for
 * what still runs.
 */
export async function withBackend(
  io: Io,
  argument: string | undefined,
  flags: EngineFlags,
  use: (backend: Backend) => Promise<void>,
  options: OpenOptions = {},
): Promise<void> {
  const backend = await openBackend(io, argument, flags, options);
  await use(backend);
  io.stop.throwIfAborted();
  await backend.close();
}

function engineOptions(flags: EngineFlags): Partial<OpenLocalOptions> {
  const gpus = gpuChoice(flags);
  const {gpu, gpuLayers, ctx, kvType, memoryCheck, threads, template} = flags;
  const settings = chosenSettings(flags);
  return {
    ...(gpu !== undefined && {device: gpu}),
    ...(gpuLayers !== undefined && {gpuLayers}),
    ...(gpus && {gpus}),
    ...(ctx !== undefined && {contextSize: ctx}),
    ...(kvType !== undefined && {kvType}),
    ...(memoryCheck === false && {memoryCheck}),
    ...(threads !== undefined && {threads}),
    ...(template !== undefined && {template}),
    ...(settings !== undefined && {settings}),
  };
}

function gpuChoice({devices, gpuSplit, splitMode, mainGpu}: EngineFlags): GpuChoice | undefined {
  const choice = defined({devices, split: gpuSplit, mode: splitMode, main: mainGpu});
  return Object.keys(choice).length > 0 ? choice : undefined;
}

async function lora(io: Io, path: string, base: GgufFile, {loraScale}: EngineFlags) {
  const {loraAdapter} = await import('./open-adapter.ts');
  const adapter = await loraAdapter(io, resolve(io.cwd, path), base);
  return {path: adapter, ...(loraScale !== undefined && {scale: loraScale})};
}
