// The worker's side of the AIME API server's HTTP protocol, with the faults of its version 0.9.6 taken as they are.

import {setTimeout as sleep} from 'node:timers/promises';
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import type {Insisting} from '../../base/http/address/key-rule.ts';
import type {Env} from '../../base/http/address/proxy-for.ts';
import type {HttpHead} from '../../base/http/exchange.ts';
import {HttpClient} from '../../base/http/http-client.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {anything, flag, list, number, object, optional, places, text} from '../../base/shape.ts';
import {within} from '../../base/signals.ts';
import {counted} from '../../base/units.ts';
import {Absence} from './server-absence.ts';

export interface ApiOptions {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where proxies are named. */
  readonly env: Env;
  readonly jobType: string;
  readonly authKey: string;
  /** For a key that is to go over plain http to a server outside of private networks. */
  readonly keyOverHttp?: Insisting;
  /** Unique among the workers of a server. */
  readonly name: string;
  /** Between two looks for a server that is away. */
  readonly pollMs: number;
  /** For an answer; a request for jobs has the server's own time besides. Default 15,000. */
  readonly callMs?: number;
  /** Told when the server goes away, that it still is, when it comes back, and what it sent that cannot be taken. */
  readonly log: (line: string) => void;
  /** Monotonic, in milliseconds; default: the process's own. */
  readonly now?: () => number;
}

/** What a worker says of itself at its login; the server shows it and decides nothing by it. */
export interface WorkerDescription {
  readonly model: string;
  readonly maxBatchSize: number;
  /** What computes, in words. */
  readonly hardware: string;
  readonly gpus: number;
  readonly framework: string;
  /** Empty where it is not known, as are the two that follow. */
  readonly frameworkVersion: string;
  /** Such as `Q8_0`. */
  readonly quantization: string;
  /** Parameters, such as `7.2B`. */
  readonly size: string;
}

/** One job as it came: `job_id` and the inputs of its endpoint, of whatever types. */
export type JobData = Readonly<Record<string, unknown>> & {readonly job_id: string};

const jobAnswer = object({cmd: text, job_data: optional(list(anything))});
const statusAnswer = object({job_type_present: flag, key_valid: flag});
const loginAnswer = object({success: flag, request_timeout: optional(number)});
const progressAnswer = optional(places(optional(object({canceled: flag}))));
const resultAnswer = object({
  cmd: optional(text),
  success: optional(flag),
  msg: optional(text),
  error_msg: optional(text),
});
/** How the framework of the API server writes a failure inside it; a proxy on the way writes another page. */
const ownFailure = object({description: text});

/** The server is away, or answers with what is no answer of its own making. */
class ApiFailure extends Error {
  readonly status: number | undefined;
  /** The API server itself failed: the answer of 0.9.6 to what it does not know, or has already. */
  readonly isOwn: boolean;

  constructor(message: string, {status, isOwn = false}: {status?: number; isOwn?: boolean} = {}) {
    super(message);
    this.status = status;
    this.isOwn = isOwn;
  }
}

/** A long poll ends after the server's own time; this is what it may be late. */
const LATE_MS = 10_000;
const CALL_MS = 15_000;
const DEFAULT_POLL_SECONDS = 60;
const LONGEST_POLL_SECONDS = 3600;
/** How often a result is sent that something answers with 500 while the server is there. */
const REFUSALS = 30;
/** Characters of another address that are shown. */
const LOCATION = 200;

export class AimeApi {
  readonly #options: ApiOptions;
  readonly #description: WorkerDescription;
  readonly #http: HttpClient;
  readonly #callMs: number;
  #pollSeconds = DEFAULT_POLL_SECONDS;
  readonly #server: Absence;
  /** Apart from the server, which may be there for everything else. */
  readonly #results: Absence;

  constructor(options: ApiOptions, description: WorkerDescription) {
    this.#options = options;
    this.#callMs = options.callMs ?? CALL_MS;
    this.#description = description;
    // It has no retries: each call knows itself whether it may be made twice.
    const {env, keyOverHttp, url, log, now} = options;
    const away = {is: `${url} is away`, isStill: `${url} is still away`, isOver: `${url} is back`};
    this.#server = new Absence({words: away, log, ...defined({now})});
    const refusing = {
      is: `${url} takes no results`,
      isStill: `${url} still takes no results`,
      isOver: `${url} takes results again`,
    };
    this.#results = new Absence({words: refusing, log, ...defined({now})});
    const hint = 'Check --api-server, the network and HTTPS_PROXY.';
    this.#http = new HttpClient({env, hint, hasKeyInBody: true, ...defined({keyOverHttp})});
  }

  /** Ends the connections that are kept for further calls. */
  close(): Promise<void> {
    return this.#http.close();
  }

  /**
   * Waits until the server is there and logs in.
   * @throws EngineError when it refuses this worker; the signal's reason when it aborts.
   */
  async logIn(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#checkStatus(signal);
        await this.#logInOnce(signal);
        this.#server.over();
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ApiFailure)) throw error;
        this.#server.missed(error.message);
        await this.#pause(signal);
      }
    }
  }

  /**
   * Waits for up to `count` jobs; none when the server had none for a while. Logs in again where that is needed.
   * @throws EngineError when the server refuses this worker; the signal's reason when it aborts.
   */
  async jobs(count: number, signal: AbortSignal): Promise<readonly JobData[]> {
    try {
      const body = {...this.#identity(), max_job_batch: count};
      const limit = this.#pollSeconds * 1000 + LATE_MS;
      const {cmd, job_data} = optional(jobAnswer)(await this.#post('/worker_job_request', body, signal, limit)) ?? {};
      if (cmd === 'job') return await this.#readable(job_data, signal);
      if (cmd === 'no_job' || cmd === 'warning') return [];
      // An error, or the bare null that 0.9.6 sends: the server does not know this worker any more.
      await this.#pause(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiFailure)) throw error;
      this.#server.missed(error.message);
    }
    await this.logIn(signal);
    return [];
  }

  /** The jobs that have an id, by which alone a result can be told. A list with none is not asked for again at once. */
  async #readable(jobs: readonly unknown[] | undefined, signal: AbortSignal): Promise<readonly JobData[]> {
    const readable = (jobs ?? []).filter(isJob);
    const lost = (jobs?.length ?? 0) - readable.length;
    if (jobs === undefined) this.#options.log(`${this.#options.url} sent jobs that are no list; they are passed over`);
    else if (lost > 0)
      this.#options.log(`${this.#options.url} sent ${counted(lost, 'job')} without an id, passed over`);
    if (readable.length === 0) await this.#pause(signal);
    return readable;
  }

  /**
   * Tells how far jobs are. Returns the ids of those the server wants no more: cancelled, or unknown to it.
   * One unknown job makes the server fail a whole list, so a failed list is sent one by one.
   */
  async progress(updates: readonly object[], ids: readonly string[], signal: AbortSignal): Promise<string[]> {
    const list = updates.map((update, index) => ({...this.#identity(), job_id: ids[index], ...update}));
    try {
      const answers = progressAnswer(await this.#post('/worker_job_progress', list, signal));
      return ids.filter((_id, index) => answers?.[index]?.canceled === true);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isOwn)) return [];
      if (ids.length === 1) return [...ids];
    }
    const gone = updates.map((update, index) => this.progress([update], [ids[index] ?? ''], signal));
    return (await Promise.all(gone)).flat();
  }

  /**
   * Delivers a result, however long the server is away: only its own word counts, not that of a proxy on the way.
   * @throws Error with the reason when it does not take it; the signal's reason when it aborts.
   */
  async result(id: string, result: object, signal: AbortSignal): Promise<void> {
    const body = {...this.#identity(), job_id: id, ...result};
    for (let tries = 0, refusals = 0; ; tries++) {
      try {
        const {cmd, success, msg, error_msg} =
          optional(resultAnswer)(await this.#post('/worker_job_result', body, signal)) ?? {};
        if (cmd !== undefined || success !== undefined) this.#results.over();
        if (cmd === 'ok') return;
        const refused = cmd === 'warning' || cmd === 'error' || success === false;
        if (refused) throw new Error(`the server does not take it: ${msg ?? error_msg ?? 'it does not say why'}`);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ApiFailure)) throw error;
        // Its answer to a second result for one job: it has the one whose reply was lost.
        if (error.isOwn && tries > 0) return;
        if (error.status !== 500 || !(await this.#isThere(signal))) this.#results.missed(error.message);
        else if (++refusals >= REFUSALS) throw error;
      }
      await this.#pause(signal);
    }
  }

  async #isThere(signal: AbortSignal): Promise<boolean> {
    try {
      const status = await this.#post('/worker_check_server_status', this.#identity(), signal);
      return optional(statusAnswer)(status)?.key_valid !== undefined;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  /** @throws the signal's reason when it aborts. */
  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(this.#options.pollMs, undefined, {signal}).catch(() => signal.throwIfAborted());
  }

  #identity() {
    const {name, jobType, authKey} = this.#options;
    return {auth: name, job_type: jobType, auth_key: authKey};
  }

  /** The login answers a wrong job type with a bare 500; this call can tell what is wrong. */
  async #checkStatus(signal: AbortSignal): Promise<void> {
    const {jobType, url} = this.#options;
    const status = await this.#post('/worker_check_server_status', this.#identity(), signal);
    const {job_type_present, key_valid} = optional(statusAnswer)(status) ?? {};
    if (job_type_present === false) {
      throw new EngineError('backend_failed', `${url} has no endpoint for the job type '${jobType}'`, {
        hint: 'Check --job-type against the endpoint configurations of the server.',
      });
    }
    if (key_valid === false) throw this.#wrongKey();
  }

  async #logInOnce(signal: AbortSignal): Promise<void> {
    const {model, maxBatchSize, hardware, gpus, framework, frameworkVersion, quantization, size} = this.#description;
    const body = {
      worker_parameters: {
        ...this.#identity(),
        interface_version: 'mistral-chat',
        version: 0,
        gpu_name: hardware,
        num_gpus: gpus,
        framework,
        framework_version: frameworkVersion,
        pytorch_version: '',
        max_batch_size: maxBatchSize,
      },
      model_parameters: {label: model, quantization, size, family: 'Mistral', type: 'LLM', repo_name: ''},
    };
    const {success, request_timeout} = optional(loginAnswer)(await this.#post('/worker_login', body, signal)) ?? {};
    if (success === false) throw this.#wrongKey();
    if (success === undefined) throw new ApiFailure('/worker_login was not answered as an API server does');
    const isUsable = request_timeout !== undefined && request_timeout > 0;
    this.#pollSeconds = isUsable ? Math.min(request_timeout, LONGEST_POLL_SECONDS) : DEFAULT_POLL_SECONDS;
  }

  #wrongKey(): EngineError {
    const {url, jobType} = this.#options;
    return new EngineError('backend_failed', `${url} does not accept the key for '${jobType}'`, {
      hint: 'Give the key of that endpoint with --auth-key.',
    });
  }

  /** @throws ApiFailure; EngineError `usage` for a wrong proxy; the signal's reason when it aborts. */
  async #post(path: string, body: unknown, signal: AbortSignal, limitMs = this.#callMs): Promise<unknown> {
    const url = this.#options.url + path;
    try {
      return await within({of: [signal], ms: limitMs}, async (own) => {
        const reply = await this.#http.send({method: 'POST', url, body: JSON.stringify(body)}, own);
        if (reply.ok) return await reply.json();
        const isOwn = reply.status === 500 && isOwnFailure(await reply.text());
        reply.cancel();
        throw new ApiFailure(`${path} answered ${reply.status}${elsewhere(reply)}`, {status: reply.status, isOwn});
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiFailure || (error instanceof EngineError && error.code === 'usage')) throw error;
      throw new ApiFailure(reasonOf(error));
    }
  }
}

/** A redirect that was not followed: for whoever started the worker. */
function elsewhere({status, header}: HttpHead): string {
  const location = status >= 300 && status < 400 ? header('location') : undefined;
  if (location === undefined) return '';
  return `: it has moved to ${location.slice(0, LOCATION)}, where no key is sent; if that is right, give it as --api-server`;
}

function isJob(job: unknown): job is JobData {
  return (optional(object({job_id: text}))(job)?.job_id ?? '') !== '';
}

function isOwnFailure(body: string): boolean {
  try {
    return optional(ownFailure)(parsePlainJson(body))?.description !== undefined;
  } catch {
    return false;
  }
}
