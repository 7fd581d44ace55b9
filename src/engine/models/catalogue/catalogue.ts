// The models `mistral pull` knows by name: where they are, what they can, under which license. Data only.
import type {TemplateVersion} from '../../contract/requests.ts';

/** What is wanted of a model when its weights are wanted as they were published. */
export const ORIGINAL = 'original';

export type License = 'Apache-2.0' | 'MNPL' | 'MRL';

export interface CatalogueEntry {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly title: string;
  /** Such as `7.25B`. */
  readonly parameters: string;
  readonly template: TemplateVersion;
  /** Tokens. */
  readonly context: number;
  readonly abilities: readonly ('tools' | 'fim' | 'reasoning')[];
  readonly license: License;
  /** The original weights ask for accepted terms. */
  readonly gated: boolean;
  /** Hub repository of GGUF files. */
  readonly gguf: string;
  /** Archive of mistral-inference's folder; of several sums any may be right, as more than one was published. */
  readonly tar?: {readonly url: string; readonly md5: readonly string[]};
}

const CDN = 'https://models.mistralcdn.com/';
const tar = (path: string, ...md5: string[]) => ({url: `${CDN}${path}.tar`, md5});

/** What a license means, in the words a person has to agree to; Apache-2.0 asks for nothing. */
export const LICENSE_TERMS: Readonly<Record<License, string | undefined>> = {
  'Apache-2.0': undefined,
  MNPL: 'the Mistral AI Non-Production License: research and testing only, no commercial use',
  MRL: 'the Mistral AI Research License: research only, no commercial use',
};

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    id: 'mistral-7b',
    aliases: ['7b', 'mistral-7b-instruct', 'mistral-7b-v0.3'],
    title: 'Mistral 7B Instruct v0.3',
    parameters: '7.25B',
    template: 'v3',
    context: 32_768,
    abilities: ['tools'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'bartowski/Mistral-7B-Instruct-v0.3-GGUF',
    tar: tar('mistral-7b-v0-3/mistral-7B-Instruct-v0.3', '80b71fcb6416085bcb4efad86dfb4d52'),
  },
  {
    id: 'mistral-nemo',
    aliases: ['nemo', '12b'],
    title: 'Mistral Nemo Instruct 2407',
    parameters: '12.2B',
    template: 'v3',
    context: 131_072,
    abilities: ['tools'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'bartowski/Mistral-Nemo-Instruct-2407-GGUF',
    tar: tar('mistral-nemo-2407/mistral-nemo-instruct-2407', '296fbdf911cb88e6f0be74cd04827fe7'),
  },
  {
    id: 'codestral',
    aliases: ['codestral-22b'],
    title: 'Codestral 22B v0.1',
    parameters: '22.2B',
    template: 'v3',
    context: 32_768,
    abilities: ['fim'],
    license: 'MNPL',
    gated: true,
    gguf: 'bartowski/Codestral-22B-v0.1-GGUF',
    tar: tar(
      'codestral-22b-v0-1/codestral-22B-v0.1',
      '1ea95d474a1d374b1d1b20a8e0159de3',
      'a5661f2f6c6ee4d6820a2f68db934c5d',
    ),
  },
  {
    id: 'codestral-mamba',
    aliases: ['mamba'],
    title: 'Codestral Mamba 7B v0.1',
    parameters: '7.3B',
    template: 'v3',
    context: 262_144,
    abilities: [],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'gabriellarson/Mamba-Codestral-7B-v0.1-GGUF',
    tar: tar('codestral-mamba-7b-v0-1/codestral-mamba-7B-v0.1', 'd3993e4024d1395910c55db0d11db163'),
  },
  {
    id: 'mathstral',
    aliases: ['mathstral-7b'],
    title: 'Mathstral 7B v0.1',
    parameters: '7.25B',
    template: 'v3',
    context: 32_768,
    abilities: [],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'bartowski/mathstral-7B-v0.1-GGUF',
    tar: tar('mathstral-7b-v0-1/mathstral-7B-v0.1', '5f05443e94489c261462794b1016f10b'),
  },
  {
    id: 'mixtral-8x7b',
    aliases: ['mixtral', '8x7b'],
    title: 'Mixtral 8x7B Instruct v0.1',
    parameters: '46.7B',
    template: 'v1',
    context: 32_768,
    abilities: [],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'MaziyarPanahi/Mixtral-8x7B-Instruct-v0.1-GGUF',
    tar: tar('mixtral-8x7b-v0-1/Mixtral-8x7B-v0.1-Instruct', '8e2d3930145dc43d3084396f49d38a3f'),
  },
  {
    id: 'mixtral-8x22b',
    aliases: ['8x22b'],
    title: 'Mixtral 8x22B Instruct v0.3',
    parameters: '140.6B',
    template: 'v3',
    context: 65_536,
    abilities: ['tools'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'MaziyarPanahi/Mixtral-8x22B-Instruct-v0.1-GGUF',
    tar: tar('mixtral-8x22b-v0-3/mixtral-8x22B-Instruct-v0.3', '471a02a6902706a2f1e44a693813855b'),
  },
  {
    id: 'mistral-large',
    aliases: ['large'],
    title: 'Mistral Large 2 2407',
    parameters: '122.6B',
    template: 'v3',
    context: 131_072,
    abilities: ['tools'],
    license: 'MRL',
    gated: true,
    gguf: 'bartowski/Mistral-Large-Instruct-2407-GGUF',
    tar: tar('mistral-large-2407/mistral-large-instruct-2407', 'fc602155f9e39151fba81fcaab2fa7c4'),
  },
  {
    id: 'devstral-small',
    aliases: ['devstral'],
    title: 'Devstral Small 2507',
    parameters: '23.6B',
    template: 'v13',
    context: 131_072,
    abilities: ['tools'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'mistralai/Devstral-Small-2507_gguf',
  },
  {
    id: 'magistral-small',
    aliases: ['magistral'],
    title: 'Magistral Small 2509',
    parameters: '23.6B',
    template: 'v13',
    context: 131_072,
    abilities: ['tools', 'reasoning'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'mistralai/Magistral-Small-2509-GGUF',
  },
  {
    id: 'ministral-3b',
    aliases: ['3b'],
    title: 'Ministral 3 3B Instruct 2512',
    parameters: '3.4B',
    template: 'v13',
    context: 262_144,
    abilities: ['tools'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'mistralai/Ministral-3-3B-Instruct-2512-GGUF',
  },
  {
    id: 'ministral-8b',
    aliases: ['8b'],
    title: 'Ministral 3 8B Instruct 2512',
    parameters: '8.5B',
    template: 'v13',
    context: 262_144,
    abilities: ['tools'],
    license: 'Apache-2.0',
    gated: false,
    gguf: 'mistralai/Ministral-3-8B-Instruct-2512-GGUF',
  },
];

/** The entry of this id or alias, in any case. */
export function findEntry(name: string): CatalogueEntry | undefined {
  const wanted = name.toLowerCase();
  return CATALOGUE.find(({id, aliases}) => id === wanted || aliases.includes(wanted));
}
