// node-llama-cpp itself: loaded once per process and kind of device, silent, with its log kept for explanations.
import {platform} from 'node:os';
import type {Llama, LlamaLogLevel} from 'node-llama-cpp';
import {EngineError} from '../../../base/errors.ts';
import type {Device} from '../../contract/local-engine.ts';
import {engineBuild, GPU_KINDS} from '../../engine-packages.ts';
import {gpuBuild} from '../../gpu-builds/build-table.ts';
import {EngineLog} from '../engine-log.ts';
import {loadCpuBuild, usesProcessorAlone} from './cpu-build.ts';
import {cluesHere, whyNoBuild} from './why-no-build.ts';

export interface Library {
  readonly llama: Llama;
  readonly log: EngineLog;
}

const loaded = new Map<Device, Promise<Library>>();
/** One for the process, as llama.cpp's own logger is: the library loaded last would take it from the others. */
const log = new EngineLog();

/**
 * Loads the native library. Half a second the first time, so start it before it is needed.
 * @throws EngineError `unsupported` when there is no build for this kind of device or this machine.
 */
export function loadLibrary(asked: Device): Promise<Library> {
  const device = asked === 'auto' && usesProcessorAlone() ? 'off' : asked;
  let library = loaded.get(device);
  if (!library) {
    library = load(device);
    loaded.set(device, library);
    library.catch(() => loaded.delete(device));
  }
  return library;
}

async function load(device: Device): Promise<Library> {
  // Asked for a kind that the platform does not know, getLlama would answer with the CPU.
  if (device !== 'auto' && device !== 'off' && (device === 'metal') !== (platform() === 'darwin'))
    throw noBuild(device);
  const {getLlama, LlamaLogLevel} = await import('node-llama-cpp');
  try {
    const logging = {
      logLevel: LlamaLogLevel.info,
      logger: (level: LlamaLogLevel, message: string) => log.add(level, message),
    };
    const direct = device === 'off' ? await loadCpuBuild(logging) : undefined;
    // Never compile behind the user's back: minutes of silence, and a compiler that may not be there.
    const llama =
      direct ??
      (await getLlama({gpu: device === 'off' ? false : device, build: 'never', progressLogs: false, ...logging}));
    return {llama, log};
  } catch (error) {
    throw noBuild(device, error);
  }
}

function noBuild(device: Device, cause?: unknown): EngineError {
  const known = device === 'off' || device === 'auto' ? whyNoBuild(cluesHere()) : undefined;
  const what = `no ${deviceName(device)} build of the engine works on this machine`;
  const general = device === 'off' ? 'Install mistral-chat again on this machine.' : missingBuildHint(device);
  return new EngineError('unsupported', known ? `${what}: ${known.why}` : what, {hint: known?.hint ?? general, cause});
}

/** What to do where a kind of device was asked for. */
function missingBuildHint(device: Device): string {
  const kind = GPU_KINDS.find((one) => one === device);
  const build = kind && gpuBuild(kind);
  const isMissing = build && engineBuild(build.folder).folder === undefined;
  return isMissing ? `Run: mistral setup gpu --build ${kind}` : 'Use --gpu off to run on the CPU.';
}

function deviceName(device: Device): string {
  return {auto: 'prepared', off: 'CPU', cuda: 'CUDA', vulkan: 'Vulkan', metal: 'Metal'}[device];
}
