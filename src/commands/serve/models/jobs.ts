// What the router tells the process of a model, and what that answers: plain values, as they pass between processes.
import type {ErrorCode} from '../../../base/errors.ts';
import type {KvType} from '../../../engine/contract/local-engine.ts';
import type {AppOptions} from '../../../serve/app.ts';
import type {ServedModel} from '../../../serve/router/served-models.ts';
import type {ServeFlags} from '../server-settings.ts';

/** A file that may be a model. */
export interface Candidate {
  readonly path: string;
  /** What `mistral list` shows it under, where it is in a store. */
  readonly stored?: string;
}

/** A model that was looked at, with what it is to be loaded with. */
export interface DescribedModel extends ServedModel {
  readonly path: string;
  /** Tokens of one slot. */
  readonly contextSize: number;
  readonly kvType: KvType;
}

export interface DescribeJob {
  readonly kind: 'describe';
  readonly candidates: readonly Candidate[];
  readonly flags: ServeFlags;
  /** Bytes that all models together may take. */
  readonly budget: number;
}

export interface ServeJob {
  readonly kind: 'serve';
  readonly model: DescribedModel;
  /** The vocabulary alone is loaded. */
  readonly countsOnly: boolean;
  readonly flags: ServeFlags;
  readonly app: Omit<AppOptions, 'logger'>;
  readonly socketPath: string;
  /** Longest step of the engine. */
  readonly stepMs: number;
}

export type Job = DescribeJob | ServeJob;

/** The first is the answer to a job; a model that ends tells its last metrics. */
export type JobAnswer =
  | {readonly kind: 'described'; readonly models: readonly DescribedModel[]; readonly notes: readonly string[]}
  | {readonly kind: 'listening'}
  | {readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint?: string}
  | {readonly kind: 'metrics'; readonly text: string};
