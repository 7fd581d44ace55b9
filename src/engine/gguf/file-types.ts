// Names and numbers of llama.cpp's file types: the quantisation of a whole model, such as Q4_K_M.

/** Keyed by `general.file_type` (llama.h, enum llama_ftype). */
const FILE_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [7, 'Q8_0'],
  [8, 'Q5_0'],
  [9, 'Q5_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K_S'],
  [12, 'Q3_K_M'],
  [13, 'Q3_K_L'],
  [14, 'Q4_K_S'],
  [15, 'Q4_K_M'],
  [16, 'Q5_K_S'],
  [17, 'Q5_K_M'],
  [18, 'Q6_K'],
  [19, 'IQ2_XXS'],
  [20, 'IQ2_XS'],
  [21, 'Q2_K_S'],
  [22, 'IQ3_XS'],
  [23, 'IQ3_XXS'],
  [24, 'IQ1_S'],
  [25, 'IQ4_NL'],
  [26, 'IQ3_S'],
  [27, 'IQ3_M'],
  [28, 'IQ2_S'],
  [29, 'IQ2_M'],
  [30, 'IQ4_XS'],
  [31, 'IQ1_M'],
  [32, 'BF16'],
  [36, 'TQ1_0'],
  [37, 'TQ2_0'],
  [38, 'MXFP4'],
  [39, 'NVFP4'],
  [40, 'Q1_0'],
  [41, 'Q2_0'],
]);

/** Name of a llama.cpp file type such as `Q4_K_M`; undefined for an unknown number. */
export function fileTypeName(id: number): string | undefined {
  return FILE_TYPES.get(id);
}

/** Number of a llama.cpp file type by its name, in any case; undefined for an unknown name. */
export function fileTypeId(name: string): number | undefined {
  for (const [id, known] of FILE_TYPES) if (known === name.toUpperCase()) return id;
  return undefined;
}

/** Bits a value takes on average, for estimates. Mixtures as measured on 7B models. */
export const AVERAGE_BITS: Readonly<Record<string, number>> = {
  F32: 32,
  F16: 16,
  BF16: 16,
  Q8_0: 8.5,
  Q6_K: 6.57,
  Q5_K_M: 5.68,
  Q5_K_S: 5.53,
  Q5_0: 5.53,
  Q5_1: 5.95,
  Q4_K_M: 4.83,
  Q4_K_S: 4.57,
  Q4_0: 4.55,
  Q4_1: 5.0,
  Q3_K_L: 4.22,
  Q3_K_M: 3.89,
  Q3_K_S: 3.49,
  Q2_K: 3.18,
};
