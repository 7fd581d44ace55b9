// The builds of the engine for GPUs that can be fetched: the packages that node-llama-cpp itself lists, but brings to every
// machine.
import {type GpuKind, systemName} from '../engine-packages.ts';

/** A package of such a build. */
export interface GpuPackage {
  readonly name: string;
  /** Unpacked, in bytes, as measured. */
  readonly bytes: number;
  /** As subresource integrity; undefined: what the registry says is believed. */
  readonly integrity: string | undefined;
}

export interface GpuBuild {
  readonly kind: GpuKind;
  /** The folder that node-llama-cpp looks for. */
  readonly folder: string;
  readonly main: GpuPackage;
  /** Kernels for cards that the main package has none for. */
  readonly fallback?: GpuPackage;
}

/** Of node-llama-cpp 3.22.1. The sums are those of the registry's packages; of Windows' nobody here has seen any. */
export const GPU_BUILDS: readonly GpuBuild[] = [
  {
    kind: 'cuda',
    folder: 'linux-x64-cuda',
    main: {
      name: '@node-llama-cpp/linux-x64-cuda',
      bytes: 181_000_000,
      integrity: 'sha512-8rQCjyNNLZJUFit+YpjwlC4hwkKgOMIkB2wuycKBf8NU2O3ySKbiWZQ8aw9ku2nUTXjSnUIrE6KB88itduTBuA==',
    },
    fallback: {
      name: '@node-llama-cpp/linux-x64-cuda-ext',
      bytes: 358_000_000,
      integrity: 'sha512-4e5ajkiM2aR2WAdB/N/ACk4weEhHvOAIrzxZPsIX0xDFW5+6hhShuy1/vs88SK9NGdgAco9IyE28eYS0H1efpA==',
    },
  },
  {
    kind: 'vulkan',
    folder: 'linux-x64-vulkan',
    main: {
      name: '@node-llama-cpp/linux-x64-vulkan',
      bytes: 71_000_000,
      integrity: 'sha512-bBxqU+JOcBu1nb5Qj2zcMci+JByT1E8EajHvYodyNfVIPkEhXh+/HMwR1/BT7xP08YK0hks+kM8fglER0P8JEg==',
    },
  },
  {
    kind: 'cuda',
    folder: 'win-x64-cuda',
    main: {name: '@node-llama-cpp/win-x64-cuda', bytes: 181_000_000, integrity: undefined},
    fallback: {name: '@node-llama-cpp/win-x64-cuda-ext', bytes: 358_000_000, integrity: undefined},
  },
  {
    kind: 'vulkan',
    folder: 'win-x64-vulkan',
    main: {name: '@node-llama-cpp/win-x64-vulkan', bytes: 71_000_000, integrity: undefined},
  },
];

/** The build of this kind for a system such as `linux-x64`, where there is one. */
export function gpuBuild(kind: GpuKind, system = systemName()): GpuBuild | undefined {
  return GPU_BUILDS.find((build) => build.kind === kind && build.folder === `${system}-${kind}`);
}
