// The structs that llama.cpp takes by value, of each release whose layout is known. They are no stable interface: a field
// more moves those behind it, and a call with the wrong layout gives wrong figures or ends the process. A library is known
// by what its own functions for default values answer: the pattern differs for every layout seen.
import type {RecordLayout} from './native-record.ts';

/** A record of which the library told its own values. */
interface ToldLayout extends RecordLayout {
  /** Bytes that belong to no field: they hold what was in memory before. */
  readonly padding: readonly number[];
}

export interface CLayout {
  /** Of whom this layout is. */
  readonly name: string;
  readonly modelParams: ToldLayout;
  readonly contextParams: ToldLayout;
  /** In hexadecimal digits, what llama_model_default_params and llama_context_default_params answer. */
  readonly modelDefaults: string;
  readonly contextDefaults: string;
}

const KNOWN_LAYOUTS: readonly CLayout[] = [
  {
    name: 'llama.cpp v0.5.0',
    modelParams: {
      size: 80,
      padding: [36, 37, 38, 39, 78, 79],
      offsets: {
        devices: 0,
        n_gpu_layers: 16,
        split_mode: 20,
        load_mode: 24,
        lazy_mode: 28,
        main_gpu: 32,
        tensor_split: 40,
        progress_callback: 48,
        kv_overrides: 64,
      },
    },
    contextParams: {
      size: 160,
      padding: [134, 135],
      offsets: {
        n_ctx: 0,
        n_batch: 4,
        n_ubatch: 8,
        n_seq_max: 12,
        n_threads: 28,
        n_threads_batch: 32,
        pooling_type: 44,
        flash_attn_type: 52,
        type_k: 104,
        type_v: 108,
        abort_callback: 112,
        abort_callback_data: 120,
        embeddings: 128,
        no_perf: 130,
        swa_full: 132,
        kv_unified: 133,
      },
    },
    modelDefaults: `${'00'.repeat(16)}ffffffff01000000ffffffff01000000${'00'.repeat(42)}010000000000`,
    contextDefaults: [
      '000200000008000000020000010000000000000000000000010000000400000004000000',
      '00000000ffffffffffffffffffffffffffffffff0000000000000000000080bf000080bf000080bf000080bf00000000000080bf',
      `${'00'.repeat(16)}0100000001000000${'00'.repeat(16)}000101010100${'00'.repeat(26)}`,
    ].join(''),
  },
  // A little older: no lazy_mode, and no n_outputs_max_per_seq.
  {
    name: '@fugood/llama.node 1.7.15',
    modelParams: {
      size: 72,
      padding: [70, 71],
      offsets: {
        devices: 0,
        n_gpu_layers: 16,
        split_mode: 20,
        load_mode: 24,
        main_gpu: 28,
        tensor_split: 32,
        progress_callback: 40,
        kv_overrides: 56,
      },
    },
    contextParams: {
      size: 160,
      padding: [84, 85, 86, 87, 134, 135],
      offsets: {
        n_ctx: 0,
        n_batch: 4,
        n_ubatch: 8,
        n_seq_max: 12,
        n_threads: 24,
        n_threads_batch: 28,
        pooling_type: 40,
        flash_attn_type: 48,
        type_k: 104,
        type_v: 108,
        abort_callback: 112,
        abort_callback_data: 120,
        embeddings: 128,
        no_perf: 130,
        swa_full: 132,
        kv_unified: 133,
      },
    },
    modelDefaults: `${'00'.repeat(16)}ffffffff010000000100000000000000${'00'.repeat(34)}010000000000`,
    contextDefaults: [
      '00020000000800000002000001000000000000000000000004000000040000000000000',
      '0ffffffffffffffffffffffffffffffff0000000000000000000080bf000080bf000080bf000080bf00000000000080bf',
      `${'00'.repeat(20)}0100000001000000${'00'.repeat(16)}000101010100${'00'.repeat(26)}`,
    ].join(''),
  },
];

/** The layout whose defaults these are; both are longer than any struct. */
export function layoutOf(modelDefaults: Uint8Array, contextDefaults: Uint8Array): CLayout | undefined {
  return KNOWN_LAYOUTS.find(
    (layout) =>
      startsWith(modelDefaults, layout.modelDefaults, layout.modelParams) &&
      startsWith(contextDefaults, layout.contextDefaults, layout.contextParams),
  );
}

/** Whose layouts are known, for people. */
export function knownLayouts(): string {
  return KNOWN_LAYOUTS.map(({name}) => name).join(', ');
}

function startsWith(bytes: Uint8Array, digits: string, {padding}: ToldLayout): boolean {
  return Buffer.from(digits, 'hex').every((byte, at) => bytes[at] === byte || padding.includes(at));
}
