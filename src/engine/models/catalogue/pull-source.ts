// What the argument of `mistral pull` means: a name of the catalogue, a hub repository, an address.
import {defined} from '../../../base/defined.ts';
import {EngineError} from '../../../base/errors.ts';
import {CATALOGUE, catalogueName, ORIGINAL} from './catalogue.ts';
import type {CatalogueEntry} from './entry.ts';

export type PullSource =
  | {
      readonly kind: 'hub';
      readonly repo: string;
      /** Branch, tag, commit or `refs/pr/7`; undefined for the main branch. */
      readonly revision?: string;
      readonly want: string | undefined;
      readonly entry?: CatalogueEntry;
    }
  | {readonly kind: 'url'; readonly url: string}
  | {
      readonly kind: 'tar';
      readonly url: string;
      readonly name: string;
      readonly md5: readonly string[];
      readonly entry?: CatalogueEntry;
    };

export interface SourceOptions {
  /** Quantisation, part of a file name, or `original`: the weights as they were published. */
  readonly quant?: string | undefined;
  /** Of this machine, in bytes: `small` means what it holds. */
  readonly memory: number;
}

const HUB_NAME = /^(?:hf:)?([\w.-]+\/[\w.-]+)(?:@([^@:]+))?(?::([\w.-]+))?$/;
/** A revision becomes a path below `refs`: git's rules for its parts, so none is empty or leads up. */
const REVISION = /^(?!.*\.\.)(?!.*\.lock$)[\w+=#%][\w.+=#%-]*(?:\/[\w+=#%][\w.+=#%-]*)*$/;

export interface HubName {
  readonly repo: string;
  readonly revision?: string;
  /** What is behind the colon. */
  readonly tag?: string;
}

/** The parts of `hf:USER/REPOSITORY@REVISION:QUANT`, of which the first and the two last may be missing; undefined for anything else. */
export function parseHubName(text: string): HubName | undefined {
  const [, repo, revision, tag] = HUB_NAME.exec(text) ?? [];
  if (repo === undefined || (revision !== undefined && !REVISION.test(revision))) return undefined;
  return defined({repo, revision, tag});
}

/** Throws EngineError: usage for what is no source, model_not_found for an unknown name. */
export function parseSource(text: string, {quant, memory}: SourceOptions): PullSource {
  if (/^https?:\/\//.test(text)) return urlSource(text);
  const named = catalogueName(text, memory);
  if (named !== undefined) return entrySource(named.entries[0], quant ?? named.tag);
  const hub = parseHubName(text);
  if (hub !== undefined) {
    const {repo, revision, tag} = hub;
    return {kind: 'hub', repo, ...defined({revision}), want: quant ?? tag};
  }
  throw new EngineError('model_not_found', `unknown model "${text}"`, {
    hint: `Known are ${CATALOGUE.map(({id}) => id).join(', ')}; or give hf:USER/REPOSITORY[@REVISION] or an address.`,
  });
}

/** The archive is the folder mistral-inference knows; where there is none, the hub has the weights. */
function entrySource(entry: CatalogueEntry, want: string | undefined): PullSource {
  const isOriginal = want?.toLowerCase() === ORIGINAL;
  if (isOriginal && entry.tar !== undefined) return {kind: 'tar', name: entry.id, ...entry.tar, entry};
  return {kind: 'hub', repo: (isOriginal ? undefined : entry.gguf) ?? entry.hf, want, entry};
}

function urlSource(text: string): PullSource {
  const url = new URL(text);
  const file = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  if (file === '' || file === '..') {
    throw new EngineError('usage', `${text} names no file`, {hint: 'Give the address of a .gguf or .tar file.'});
  }
  if (file.endsWith('.tar')) return {kind: 'tar', url: text, name: file.slice(0, -4), md5: []};
  return {kind: 'url', url: text};
}
