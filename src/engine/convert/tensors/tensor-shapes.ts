// The tensors a model of given figures must have, with their row-major shapes: the check that a folder is whole.
import type {Hyperparameters, Mamba, Transformer} from './hyperparameters.ts';

export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Kept in F32 by llama.cpp's rules. */
  readonly exact: boolean;
  /** May be absent: the output matrix of tied embeddings. */
  readonly optional?: boolean;
}

/** In the order they are written: embedding, layer after layer, output. */
export function expectedTensors(model: Hyperparameters): ExpectedTensor[] {
  const {dim, vocabSize, layers} = model;
  const ofLayer = model.architecture === 'mamba2' ? mambaLayer(model) : transformerLayer(model);
  const blocks = Array.from({length: layers}, (_, layer) =>
    ofLayer.map((tensor) => ({...tensor, name: `blk.${layer}.${tensor.name}`})),
  );
  return [
    matrix('token_embd.weight', vocabSize, dim),
    ...blocks.flat(),
    exact('output_norm.weight', dim),
    {...matrix('output.weight', vocabSize, dim), optional: true},
  ];
}

const matrix = (name: string, ...shape: number[]): ExpectedTensor => ({name, shape, exact: false});
const exact = (name: string, ...shape: number[]): ExpectedTensor => ({name, shape, exact: true});

function transformerLayer({dim, hiddenDim, heads, kvHeads, headDim, experts}: Transformer): ExpectedTensor[] {
  const feedForward = experts
    ? [
        exact('ffn_gate_inp.weight', experts.count, dim),
        matrix('ffn_gate_exps.weight', experts.count, hiddenDim, dim),
        matrix('ffn_down_exps.weight', experts.count, dim, hiddenDim),
        matrix('ffn_up_exps.weight', experts.count, hiddenDim, dim),
      ]
    : [
        matrix('ffn_gate.weight', hiddenDim, dim),
        matrix('ffn_down.weight', dim, hiddenDim),
        matrix('ffn_up.weight', hiddenDim, dim),
      ];
  return [
    exact('attn_norm.weight', dim),
    matrix('attn_q.weight', heads * headDim, dim),
    matrix('attn_k.weight', kvHeads * headDim, dim),
    matrix('attn_v.weight', kvHeads * headDim, dim),
    matrix('attn_output.weight', dim, heads * headDim),
    exact('ffn_norm.weight', dim),
    ...feedForward,
  ];
}

function mambaLayer({dim, innerDim, stateSize, headDim, groups, convKernel}: Mamba): ExpectedTensor[] {
  const heads = innerDim / headDim;
  const convDim = innerDim + 2 * groups * stateSize;
  return [
    exact('attn_norm.weight', dim),
    matrix('ssm_in.weight', innerDim + convDim + heads, dim),
    exact('ssm_conv1d.weight', convDim, convKernel),
    exact('ssm_conv1d.bias', convDim),
    exact('ssm_dt.bias', heads),
    exact('ssm_a', heads, 1),
    exact('ssm_d', heads, 1),
    exact('ssm_norm.weight', groups, innerDim / groups),
    matrix('ssm_out.weight', dim, innerDim),
  ];
}
