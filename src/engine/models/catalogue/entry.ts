// What the catalogue says of one model, and the licenses that are no SPDX license.
import type {TemplateVersion} from '../../contract/requests.ts';

/** A license that SPDX lists, by its id there, or another one. */
export type License = string | OtherLicense;

export interface OtherLicense {
  readonly id: 'other';
  /** Short, for a table. */
  readonly title: string;
  /** What it means, as a person has to agree to it before the model is fetched; the sentence begins "TITLE is under ". */
  readonly consent: string;
}

/** Of the figures below, what nobody saw at its source; where the program shows one of them, it says so. */
export type Unverified = 'license' | 'context' | 'template' | 'abilities' | 'gguf' | 'sampling' | 'systemPrompt';

/** `vision` and `audio` are of the model: this program reads its text part only. */
export type Ability = 'tools' | 'fim' | 'reasoning' | 'vision' | 'audio';

export interface CatalogueEntry {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly title: string;
  /** Of the text part, such as `7.25B`; of experts with what a token takes of them, such as `119B-A6.5B`. */
  readonly parameters: string;
  /** Undefined where nobody knows it. */
  readonly template?: TemplateVersion;
  /** Tokens, as its maker names them. */
  readonly context: number;
  readonly abilities: readonly Ability[];
  readonly license: License;
  /** The original weights ask for accepted terms. */
  readonly gated: boolean;
  /** `general.architecture` of its GGUF, where it is not `llama`. */
  readonly architecture?: string;
  /** Hub repository of the weights as they were published. */
  readonly hf: string;
  /** Hub repository of GGUF files; without one the published weights are fetched. */
  readonly gguf?: string;
  /** Archive of mistral-inference's folder; of several sums any may be right, as more than one was published. */
  readonly tar?: {readonly url: string; readonly md5: readonly string[]};
  /** What its maker recommends; what is not named is not to be limited. */
  readonly sampling?: {readonly temperature: number; readonly topP?: number};
  /** Whether its repository has a system prompt to go with it (SYSTEM_PROMPT.txt); `thinks`: it only thinks under it. */
  readonly systemPrompt?: 'recommended' | 'thinks';
  readonly unverified?: readonly Unverified[];
}

export const MNPL: OtherLicense = {
  id: 'other',
  title: 'MNPL-0.1',
  consent: 'the Mistral AI Non-Production License: research and testing only, no commercial use',
};

export const MRL: OtherLicense = {
  id: 'other',
  title: 'MRL-0.1',
  consent: 'the Mistral AI Research License: research only, no commercial use',
};

export const MODIFIED_MIT: OtherLicense = {
  id: 'other',
  title: 'modified MIT',
  consent: 'a modified MIT license, which leaves out companies of a large revenue: they have to ask Mistral AI',
};

/** Its weights came before its license. */
export const OWN_LICENSE: OtherLicense = {
  id: 'other',
  title: 'its own',
  consent: 'a license of its own, which was not published when this program was made: read it where the weights are',
};

/** Short, for a table. */
export function licenseTitle(license: License): string {
  return typeof license === 'string' ? license : license.title;
}

/** What a person has to agree to before the model is fetched; undefined for nothing. */
export function licenseConsent({license, unverified}: CatalogueEntry): string | undefined {
  if (typeof license === 'string') return undefined;
  return unverified?.includes('license') ? `${license.consent} (unverified)` : license.consent;
}
