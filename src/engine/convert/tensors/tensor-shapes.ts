// The tensors a model of given figures must have, with their row-major shapes: the check that a folder is whole.
import type {Hyperparameters, Latent, Mamba, Transformer} from './hyperparameters.ts';

export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Kept in F32 by llama.cpp's rules. */
  readonly exact: boolean;
  /** May be absent: the output matrix of tied embeddings. */
  readonly optional?: boolean;
  /** Of another tensor of the source, which has these rows of every group of its rows. */
  readonly rowsOf?: RowsOf;
  /** In no source: every value is this. */
  readonly filledWith?: number;
}

export interface RowsOf {
  readonly name: string;
  /** Of the source. */
  readonly shape: readonly number[];
  readonly groupRows: number;
  readonly first: number;
  readonly count: number;
  /** Columns and rows of each group change places. */
  readonly transposed: boolean;
}

/**
 * In the order they are written: embedding, layer after layer, output. `has` says whether the source has a tensor of this
 * name: experts lie in it one by one, or gate and up of all of them in one.
 */
export function expectedTensors(model: Hyperparameters, has: (name: string) => boolean): ExpectedTensor[] {
  const {dim, vocabSize, layers} = model;
  const blocks = Array.from({length: layers}, (_, layer) => {
    const block = `blk.${layer}.`;
    const form = {isFused: has(`${block}${FUSED}`), isTransposed: has(`${block}${TRANSPOSED}`)};
    return layerOf(model, layer, form).map(({rowsOf, ...tensor}) => ({
      ...tensor,
      name: block + tensor.name,
      ...(rowsOf && {rowsOf: {...rowsOf, name: block + rowsOf.name}}),
    }));
  });
  return [
    matrix('token_embd.weight', vocabSize, dim),
    ...blocks.flat(),
    exact('output_norm.weight', dim),
    {...matrix('output.weight', vocabSize, dim), optional: true},
  ];
}

const matrix = (name: string, ...shape: number[]): ExpectedTensor => ({name, shape, exact: false});
const exact = (name: string, ...shape: number[]): ExpectedTensor => ({name, shape, exact: true});

const FUSED = 'ffn_gate_up_exps.weight';
/** In no GGUF: the name for what `ffn_down_exps` is made of. */
const TRANSPOSED = 'ffn_down_rows.weight';

/** How the experts lie in the source. */
interface ExpertForm {
  /** Gate and up of an expert in one tensor. */
  readonly isFused: boolean;
  /** The columns of the down matrices are rows. */
  readonly isTransposed: boolean;
}

function layerOf(model: Hyperparameters, layer: number, form: ExpertForm): ExpectedTensor[] {
  if (model.architecture === 'mamba2') return mambaLayer(model);
  return model.architecture === 'mistral4' ? latentLayer(model, layer, form.isFused) : transformerLayer(model, form);
}

function denseFeedForward(dim: number, hiddenDim: number): ExpectedTensor[] {
  return [
    matrix('ffn_gate.weight', hiddenDim, dim),
    matrix('ffn_down.weight', dim, hiddenDim),
    matrix('ffn_up.weight', hiddenDim, dim),
  ];
}

/** `llama` wants the two apart: they are cut out of the fused ones. */
function experts(dim: number, hiddenDim: number, count: number, form: ExpertForm): ExpectedTensor[] {
  const {isFused, isTransposed} = form;
  const turned = isTransposed && {
    rowsOf: {
      name: TRANSPOSED,
      shape: [count, hiddenDim, dim],
      groupRows: hiddenDim,
      first: 0,
      count: hiddenDim,
      transposed: true,
    },
  };
  const cut = (first: number) =>
    isFused && {
      rowsOf: {
        name: FUSED,
        shape: [count, 2 * hiddenDim, dim],
        groupRows: 2 * hiddenDim,
        first,
        count: hiddenDim,
        transposed: false,
      },
    };
  return [
    exact('ffn_gate_inp.weight', count, dim),
    {...matrix('ffn_gate_exps.weight', count, hiddenDim, dim), ...cut(0)},
    {...matrix('ffn_down_exps.weight', count, dim, hiddenDim), ...turned},
    {...matrix('ffn_up_exps.weight', count, hiddenDim, dim), ...cut(hiddenDim)},
  ];
}

function transformerLayer(model: Transformer, form: ExpertForm): ExpectedTensor[] {
  const {dim, hiddenDim, heads, kvHeads, headDim} = model;
  const feedForward = model.experts
    ? experts(dim, hiddenDim, model.experts.count, form)
    : denseFeedForward(dim, hiddenDim);
  // No weight of attention goes to them: their exponential is 0.
  const sinks = model.window ? [{...exact('attn_sinks.weight', heads), filledWith: -1e30}] : [];
  return [
    exact('attn_norm.weight', dim),
    matrix('attn_q.weight', heads * headDim, dim),
    matrix('attn_k.weight', kvHeads * headDim, dim),
    matrix('attn_v.weight', kvHeads * headDim, dim),
    matrix('attn_output.weight', dim, heads * headDim),
    ...sinks,
    exact('ffn_norm.weight', dim),
    ...feedForward,
  ];
}

/** The matrix that unfolds keys and values is written as two: of each head the rows for its key, transposed, and the others. */
function latentLayer(model: Latent, layer: number, isFused: boolean): ExpectedTensor[] {
  const {dim, heads, queryRank, keyValueRank, plainDim, rotaryDim, valueDim} = model;
  const {count, hiddenDim, shared} = model.experts;
  const groupRows = plainDim + valueDim;
  const source = {name: 'attn_kv_b.weight', shape: [heads * groupRows, keyValueRank], groupRows};
  const feedForward =
    layer < model.denseLayers
      ? denseFeedForward(dim, model.hiddenDim)
      : [
          exact('ffn_gate_inp.weight', count, dim),
          ...(isFused
            ? [matrix(FUSED, count, 2 * hiddenDim, dim)]
            : [
                matrix('ffn_gate_exps.weight', count, hiddenDim, dim),
                matrix('ffn_up_exps.weight', count, hiddenDim, dim),
              ]),
          matrix('ffn_down_exps.weight', count, dim, hiddenDim),
          matrix('ffn_gate_shexp.weight', hiddenDim * shared, dim),
          matrix('ffn_down_shexp.weight', dim, hiddenDim * shared),
          matrix('ffn_up_shexp.weight', hiddenDim * shared, dim),
        ];
  return [
    exact('attn_norm.weight', dim),
    matrix('attn_q_a.weight', queryRank, dim),
    exact('attn_q_a_norm.weight', queryRank),
    matrix('attn_q_b.weight', heads * (plainDim + rotaryDim), queryRank),
    matrix('attn_kv_a_mqa.weight', keyValueRank + rotaryDim, dim),
    exact('attn_kv_a_norm.weight', keyValueRank),
    {
      ...matrix('attn_k_b.weight', heads, keyValueRank, plainDim),
      rowsOf: {...source, first: 0, count: plainDim, transposed: true},
    },
    {
      ...matrix('attn_v_b.weight', heads, valueDim, keyValueRank),
      rowsOf: {...source, first: plainDim, count: valueDim, transposed: false},
    },
    matrix('attn_output.weight', dim, heads * valueDim),
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
