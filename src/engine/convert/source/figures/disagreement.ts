// Where two readings of one model's figures differ, in words.
import type {Hyperparameters} from '../../tensors/hyperparameters.ts';

/** What the figures are called, by their path. `architecture` follows from the others. */
const WORDS: Readonly<Record<string, string>> = {
  layers: 'layers',
  dim: 'width',
  hiddenDim: 'feed-forward width',
  heads: 'heads',
  kvHeads: 'key-value heads',
  headDim: 'length of a head',
  normEps: 'epsilon of the norms',
  ropeTheta: 'rotary base',
  context: 'context length',
  temperatureScale: 'attention temperature',
  'temperature.scale': 'attention temperature',
  'temperature.length': 'position where the temperature begins',
  'window.size': 'sliding window',
  'window.slides': 'layers that slide',
  'yarn.factor': 'YaRN factor',
  'yarn.betaFast': 'YaRN beta (fast)',
  'yarn.betaSlow': 'YaRN beta (slow)',
  'yarn.originalContext': 'original context',
  'yarn.rotaryScale': 'scale of rotated parts',
  'yarn.softmaxScale': 'scale of attention',
  'experts.count': 'experts',
  'experts.used': 'experts used',
  'experts.groups': 'groups of experts',
  'experts.groupsUsed': 'groups used',
  'experts.shared': 'shared experts',
  'experts.hiddenDim': 'width of an expert',
  'experts.scale': 'scale of experts',
  'experts.normalised': 'normalised weights of experts',
  queryRank: 'rank of queries',
  keyValueRank: 'rank of keys and values',
  rotaryDim: 'rotary dimensions',
  plainDim: 'dimensions without rotation',
  valueDim: 'length of a value',
  denseLayers: 'layers without experts',
  innerDim: 'inner width',
  stateSize: 'size of the state',
  groups: 'groups',
  convKernel: 'width of the convolution',
};

/** Figures that the shapes of the weights follow from. */
const SHAPING = [
  ...[
    'layers',
    'dim',
    'hiddenDim',
    'heads',
    'kvHeads',
    'headDim',
    'queryRank',
    'keyValueRank',
    'rotaryDim',
    'plainDim',
  ],
  ...[
    'valueDim',
    'denseLayers',
    'experts.count',
    'experts.shared',
    'experts.hiddenDim',
    'innerDim',
    'stateSize',
    'groups',
  ],
  'convKernel',
];

/** Whether both are of the same weights. */
export function haveSameShapes(one: Hyperparameters, other: Hyperparameters): boolean {
  const [first, second] = [flatten(one), flatten(other)];
  return SHAPING.every((path) => first.get(path) === second.get(path));
}

/** Each difference as `context length 512 and 1024`, the first model's figure first; none where they agree. */
export function disagreements(one: Hyperparameters, other: Hyperparameters): string[] {
  const [first, second] = [flatten(one), flatten(other)];
  const paths = new Set([...first.keys(), ...second.keys()]);
  return [...paths].flatMap((path) => {
    const words = WORDS[path];
    const [a, b] = [first.get(path), second.get(path)];
    return words === undefined || same(a, b) ? [] : [`${words} ${text(a)} and ${text(b)}`];
  });
}

function flatten(value: object, prefix = ''): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, unknown][] =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? [...flatten(item, `${prefix}${key}.`)]
        : [[prefix + key, item]],
    ),
  );
}

/** As 32-bit floats, which are what is written. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.fround(a) === Math.fround(b);
  return JSON.stringify(a) === JSON.stringify(b);
}

function text(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  if (!Array.isArray(value)) return String(value);
  return value.flatMap((slides, layer) => (slides ? [layer] : [])).join(',');
}
