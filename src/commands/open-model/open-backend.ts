// From the model argument and the engine flags to a Backend that is ready, with what it does meanwhile on stderr.
import {existsSync, statSync} from 'node:fs';
import {basename, resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {unlessStopped} from '../../base/signals.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {Device, LocalOptions} from '../../engine/contract/local-engine.ts';
import {preflight} from '../../engine/gguf/preflight.ts';
import type {GgufFile} from '../../engine/gguf/read-header.ts';
import {localMachine} from '../../engine/local/engines.ts';
import {type OpenLocalOptions, openLocalBackend} from '../../engine/local/open-local.ts';
import {resolveModel} from '../../engine/models/resolve.ts';
import {openRemote} from '../../engine/remote/remote-backend.ts';
import type {Io} from '../host/io.ts';
import {showProgress} from '../host/progress.ts';
import {type EngineFlags, namedModel} from '../options.ts';
import {changesModel, findServer} from './running-servers.ts';

export interface OpenOptions {
  /** Answers generated at the same time. Default 1. */
  readonly slots?: number;
  /** Uses a `mistral serve` of this user that has the model open already. */
  readonly attach?: boolean;
  /** Told how much is loaded, 0 to 1; without it a spinner on stderr tells it. */
  readonly onProgress?: (fraction: number) => void;
  /** Called when a step of the engine hangs. */
  readonly watch?: LocalOptions['watch'] & {};
}

/**
 * Opens the server --url names, or the model that `argument`, $MISTRAL_MODEL or nothing (the embedded one) names.
 * Throws EngineError with the reason when it cannot, and the reason of `io.stop` when the program is stopped meanwhile.
 */
export async function openBackend(
  io: Io,
  argument: string | undefined,
  flags: EngineFlags,
  {slots = 1, onProgress, attach = false, watch}: OpenOptions = {},
): Promise<Backend> {
  const remote = await openUrl(io, argument, flags);
  if (remote) return remote;
  const file = await findModel(io, argument, flags);
  const running = attach && !changesModel(flags) ? await findServer(io.env, file.path, io.stop) : undefined;
  if (running) return running;
  const loras = flags.loraPath === undefined ? [] : [await lora(io, flags.loraPath, file, flags)];
  const progress =
    onProgress === undefined ? showProgress(io, `loading ${basename(file.path)}`) : {update: onProgress, end() {}};
  const onLog = (level: string, message: string) => io.say(`${level}: ${message.trimEnd()}`);
  const options: OpenLocalOptions = {
    file,
    slots,
    ...engineOptions(flags),
    loras,
    onProgress: progress.update,
    onFit: (line) => io.say(`memory: ${line}`),
    signal: io.stop,
    ...(flags.verbose && {onLog}),
    ...(watch && {watch}),
  };
  try {
    return await unlessStopped(openLocalBackend(options), io.stop);
  } finally {
    progress.end();
  }
}

/** The server that --url or, without a model argument, $MISTRAL_URL names; undefined when neither does. */
async function openUrl(io: Io, argument: string | undefined, flags: EngineFlags): Promise<Backend | undefined> {
  const url = flags.url ?? (argument === undefined ? io.env.MISTRAL_URL : undefined);
  if (!url && flags.tokenizer !== undefined) {
    throw new EngineError('usage', '--tokenizer is for --url; a local model has its own');
  }
  if (!url) return undefined;
  // A key goes to the server it was named for, and to Mistral's own: not to whatever a URL says.
  const isMistral = URL.canParse(url) && /(?:^|\.)mistral\.ai$/.test(new URL(url).hostname);
  const apiKey = io.env[flags.apiKeyEnv ?? (isMistral ? 'MISTRAL_API_KEY' : '')];
  if (flags.apiKeyEnv !== undefined && !apiKey) {
    throw new EngineError('usage', `--api-key-env: the variable ${flags.apiKeyEnv} is not set`);
  }
  const {remoteModel: model, tokenizer} = flags;
  const options = {url, signal: io.stop, ...(apiKey && {apiKey}), ...(model !== undefined && {model})};
  if (tokenizer === undefined) return openRemote(options);
  const {openExactRemote} = await import('../../engine/remote/exact-backend.ts');
  const {loadTokenizer} = await import('../../engine/template/load-tokenizer.ts');
  return openExactRemote(options, loadTokenizer(resolve(io.cwd, tokenizer), flags.template));
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

/** A path is a path; anything else may be the name of a model that is on this machine. */
async function pathOf(io: Io, named: string, {quant, yes}: EngineFlags): Promise<string> {
  const path = resolve(io.cwd, named);
  if (/\.tar$/i.test(path) && statSync(path, {throwIfNoEntry: false})?.isFile()) {
    const {unpackOnce} = await import('./unpack-once.ts');
    return unpackOnce(io, path, yes === undefined ? {} : {yes});
  }
  if (existsSync(path)) return path;
  const {storedModel} = await import('./stored-model.ts');
  return storedModel(io, named, quant);
}

async function findModel(io: Io, argument: string | undefined, flags: EngineFlags): Promise<GgufFile> {
  const named = namedModel(io, argument);
  const path = named === undefined ? undefined : await pathOf(io, named, flags);
  // Among several files the GPU's memory decides too; a single one is fitted when it is opened.
  const isFolder = path !== undefined && statSync(path).isDirectory();
  const machine = isFolder ? await localMachine(deviceOf(flags)) : undefined;
  const found = resolveModel(path, {...(flags.quant !== undefined && {quant: flags.quant}), ...(machine && {machine})});
  if (isFolder && flags.loraPath === undefined) {
    const {adapterBeside} = await import('./open-adapter.ts');
    const note = adapterBeside(path);
    if (note !== undefined) io.say(`note: ${note}`);
  }
  if (found.kind === 'convertible') {
    const {convertOnce} = await import('./convert-once.ts');
    const converted = await convertOnce(io, found.folder, flags);
    io.say(`model: ${converted}`);
    return preflight(converted);
  }
  if (path === undefined || found.note !== basename(path)) io.say(`model: ${found.note}`);
  return found.file;
}

function deviceOf({gpu}: EngineFlags): Device {
  return gpu ?? 'auto';
}

function engineOptions(flags: EngineFlags): Partial<OpenLocalOptions> {
  const {gpuLayers, ctx, kvType, memoryCheck, threads, template} = flags;
  return {
    device: deviceOf(flags),
    ...(gpuLayers !== undefined && {gpuLayers}),
    ...(ctx !== undefined && {contextSize: ctx}),
    ...(kvType !== undefined && {kvType}),
    ...(memoryCheck === false && {memoryCheck}),
    ...(threads !== undefined && {threads}),
    ...(template !== undefined && {template}),
  };
}

async function lora(io: Io, path: string, base: GgufFile, {loraScale}: EngineFlags) {
  const {loraAdapter} = await import('./open-adapter.ts');
  const adapter = await loraAdapter(io, resolve(io.cwd, path), base);
  return {path: adapter, ...(loraScale !== undefined && {scale: loraScale})};
}
