// The worker's side of the AIME API server's HTTP protocol, with the faults of its version 0.9.6 taken as they are.
import {setTimeout as sleep} from 'node:timers/promises';
import {EngineError} from '../../base/errors.ts';
import {HttpClient} from '../../base/http/http-client.ts';
import type {Env} from '../../base/http/proxy-for.ts';
import {within} from '../../base/signals.ts';

export interface ApiOptions {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where proxies are named. */
  readonly env: Env;
  readonly jobType: string;
  readonly authKey: string;
  /** Unique among the workers of a server. */
  readonly name: string;
  /** Between two looks for a server that is away. */
  readonly pollMs: number;
}

export interface WorkerDescription {
  readonly model: string;
  readonly maxBatchSize: number;
}

/** One job as it came: `job_id` and the inputs of its endpoint. */
export type JobData = Readonly<Record<string, unknown>> & {readonly job_id: string};

interface JobAnswer {
  readonly cmd?: string;
  readonly msg?: string;
  readonly job_data?: readonly JobData[];
}

/** The server is away, or answers with a status of its own making. */
class ApiFailure extends Error {
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** A long poll ends after the server's own time; this is what it may be late. */
const LATE_MS = 10_000;
const CALL_MS = 15_000;
const DEFAULT_POLL_SECONDS = 60;

export class AimeApi {
  readonly #options: ApiOptions;
  readonly #description: WorkerDescription;
  readonly #http: HttpClient;
  #pollSeconds = DEFAULT_POLL_SECONDS;

  constructor(options: ApiOptions, description: WorkerDescription) {
    this.#options = options;
    this.#description = description;
    // It has no retries: each call knows itself whether it may be made twice.
    this.#http = new HttpClient({env: options.env, hint: 'Check --api-server, the network and HTTPS_PROXY.'});
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
        return await this.#logInOnce(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ApiFailure)) throw error;
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
      const answer = (await this.#post('/worker_job_request', body, signal, limit)) as JobAnswer | null;
      if (answer?.cmd === 'job') return answer.job_data ?? [];
      if (answer?.cmd === 'no_job' || answer?.cmd === 'warning') return [];
      // An error, or the bare null that 0.9.6 sends: the server does not know this worker any more.
      await this.#pause(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiFailure)) throw error;
    }
    await this.logIn(signal);
    return [];
  }

  /**
   * Tells how far jobs are. Returns the ids of those the server wants no more: cancelled, or unknown to it.
   * One unknown job makes the server fail a whole list, so a failed list is sent one by one.
   */
  async progress(updates: readonly object[], ids: readonly string[], signal: AbortSignal): Promise<string[]> {
    const list = updates.map((update, index) => ({...this.#identity(), job_id: ids[index], ...update}));
    try {
      const answers = await this.#post('/worker_job_progress', list, signal, CALL_MS);
      return ids.filter((_id, index) => isCanceled(Array.isArray(answers) ? answers[index] : undefined));
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 500) return [];
      if (ids.length === 1) return [...ids];
    }
    const gone = updates.map((update, index) => this.progress([update], [ids[index] ?? ''], signal));
    return (await Promise.all(gone)).flat();
  }

  /** Delivers a result, however long the server is away. One that it does not take (any more) is lost. */
  async result(id: string, result: object, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#post('/worker_job_result', {...this.#identity(), job_id: id, ...result}, signal, CALL_MS);
        return;
      } catch (error) {
        signal.throwIfAborted();
        // 500 is its answer to a second result for one job: it has the first one.
        if (!(error instanceof ApiFailure) || error.status === 500) return;
        await this.#pause(signal);
      }
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
    const status = await this.#post('/worker_check_server_status', this.#identity(), signal, CALL_MS);
    const {job_type_present, key_valid} = (status ?? {}) as {job_type_present?: boolean; key_valid?: boolean};
    if (job_type_present === false) {
      throw new EngineError('backend_failed', `${url} has no endpoint for the job type '${jobType}'`, {
        hint: 'Check --job-type against the endpoint configurations of the server.',
      });
    }
    if (key_valid === false) throw this.#wrongKey();
  }

  async #logInOnce(signal: AbortSignal): Promise<void> {
    const {model, maxBatchSize} = this.#description;
    const body = {
      worker_parameters: {
        ...this.#identity(),
        interface_version: 'mistral-chat',
        version: 0,
        gpu_name: 'unknown',
        num_gpus: 1,
        framework: 'llama.cpp',
        framework_version: '',
        pytorch_version: '',
        max_batch_size: maxBatchSize,
      },
      model_parameters: {label: model, quantization: '', size: '', family: 'Mistral', type: 'LLM', repo_name: ''},
    };
    const answer = (await this.#post('/worker_login', body, signal, CALL_MS)) as {
      success?: boolean;
      request_timeout?: number;
    } | null;
    if (answer?.success === false) throw this.#wrongKey();
    this.#pollSeconds = answer?.request_timeout ?? DEFAULT_POLL_SECONDS;
  }

  #wrongKey(): EngineError {
    const {url, jobType} = this.#options;
    return new EngineError('backend_failed', `${url} does not accept the key for '${jobType}'`, {
      hint: 'Give the key of that endpoint with --auth-key.',
    });
  }

  /** @throws ApiFailure; the signal's reason when it aborts. */
  async #post(path: string, body: unknown, signal: AbortSignal, limitMs: number): Promise<unknown> {
    const url = this.#options.url + path;
    try {
      return await within({of: [signal], ms: limitMs}, async (own) => {
        const reply = await this.#http.send({method: 'POST', url, body: JSON.stringify(body)}, own);
        if (reply.ok) return await reply.json();
        reply.cancel();
        throw new ApiFailure(`${path} answered ${reply.status}`, reply.status);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiFailure || (error instanceof EngineError && error.code === 'usage')) throw error;
      throw new ApiFailure(error instanceof Error ? error.message : String(error));
    }
  }
}

function isCanceled(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'canceled' in answer && answer.canceled === true;
}
