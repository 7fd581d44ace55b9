// The worker's side of the AIME API server 0.9.6, as it was measured: long poll, queue, and its faults.
import {randomUUID} from 'node:crypto';
import type {ServerResponse} from 'node:http';
import {type Asked, httpServer, json} from './http-server.ts';

export interface AimeResult {
  readonly text: string;
  readonly error?: string;
  readonly num_generated_tokens: number;
  readonly prompt_length: number;
}

interface Job {
  readonly id: string;
  readonly inputs: object;
  readonly progress: {text: string; at: number}[];
  result: AimeResult | undefined;
  readonly settle: (result: AimeResult) => void;
}

/** What lies between a worker and the server: what it does before the server hears of a call, and after it has. */
export interface Fault {
  readonly before?: (response: ServerResponse) => unknown;
  readonly after?: (response: ServerResponse) => unknown;
}

export class AimeServer {
  /** The fault of a call, if it is to have one. */
  faults: (path: string) => Fault | undefined = () => undefined;
  /** Sent in place of the next list of jobs. */
  readonly malformed: unknown[] = [];
  readonly #key: string;
  readonly #jobType: string;
  readonly #workers = new Set<string>();
  readonly #queue: Job[] = [];
  readonly #jobs = new Map<string, Job>();
  readonly batches: number[] = [];
  /** What workers told of themselves when they logged in. */
  readonly logins: {worker_parameters: Record<string, unknown>; model_parameters: Record<string, unknown>}[] = [];
  /** A server that is down for a restart answers 503. */
  offline = false;
  #wake = () => {};
  #counter = 0;
  url = '';

  constructor(jobType: string, key: string) {
    this.#jobType = jobType;
    this.#key = key;
  }

  /** Ends with the test. */
  async start(): Promise<this> {
    this.url = (await httpServer((asked, response) => this.#answer(asked, response))).url;
    return this;
  }

  /** Puts a job in line; the result comes when a worker delivered it. */
  submit(inputs: object): {id: string; result: Promise<AimeResult>; progress: Job['progress']} {
    const id = `${randomUUID()}#${this.#counter++}`;
    let settle = (_result: AimeResult) => {};
    const result = new Promise<AimeResult>((resolve) => {
      settle = resolve;
    });
    const job: Job = {id, inputs, progress: [], result: undefined, settle};
    this.#jobs.set(id, job);
    this.#queue.push(job);
    this.#wake();
    return {id, result, progress: job.progress};
  }

  /** As a job is that was silent for too long: nobody knows it any more. */
  lapse(id: string): void {
    this.#jobs.delete(id);
  }

  /** Forgets who was logged in. */
  restart(): void {
    this.#workers.clear();
  }

  async #answer({path, body}: Asked, response: ServerResponse): Promise<void> {
    if (this.offline) return json(response, {}, 503);
    const fault = this.faults(path);
    if (fault?.before) return void (await fault.before(response));
    const routes: Record<string, () => unknown> = {
      '/worker_check_server_status': () => this.#status(body),
      '/worker_login': () => {
        this.logins.push(body);
        return this.#logIn(body.worker_parameters);
      },
      '/worker_job_request': () => this.#jobRequest(body),
      '/worker_job_progress': () => this.#progress(body),
      '/worker_job_result': () => this.#result(body),
    };
    try {
      const answer = await routes[path]?.();
      if (fault?.after) return void (await fault.after(response));
      json(response, answer);
    } catch {
      json(response, {description: 'Internal Server Error'}, 500);
    }
  }

  #status({auth, auth_key, job_type}: Record<string, string>) {
    return {
      logged_in: this.#workers.has(auth ?? ''),
      job_type_present: job_type === this.#jobType,
      key_valid: auth_key === this.#key,
    };
  }

  #logIn({auth, auth_key, job_type}: Record<string, string>) {
    // The real server looks the type up without asking whether it is there.
    if (job_type !== this.#jobType) throw new Error('KeyError');
    if (auth_key !== this.#key) return {success: false, error_msg: 'wrong key'};
    this.#workers.add(auth ?? '');
    return {success: true, request_timeout: 0.05, api_server_version: '0.9.6'};
  }

  async #jobRequest({auth, auth_key, max_job_batch}: {auth: string; auth_key: string; max_job_batch: number}) {
    if (auth_key !== this.#key) return null;
    if (!this.#workers.has(auth)) return {cmd: 'error', msg: 'worker not logged in'};
    if (this.malformed.length > 0) return {cmd: 'job', job_data: this.malformed.shift()};
    if (this.#queue.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 50);
      });
    }
    const batch = this.#queue.splice(0, max_job_batch);
    if (batch.length === 0) return {cmd: 'no_job'};
    this.batches.push(batch.length);
    return {
      cmd: 'job',
      endpoint_name: this.#jobType,
      job_data: batch.map(({id, inputs}) => ({job_id: id, start_time: 0, ...inputs})),
    };
  }

  #progress(body: unknown) {
    const list = (Array.isArray(body) ? body : [body]) as {
      job_id: string;
      auth_key: string;
      progress_data: {text: string};
    }[];
    if (list.some(({auth_key}) => auth_key !== this.#key)) return {success: false, error_msg: 'wrong key'};
    return list.map(({job_id, progress_data}) => {
      const job = this.#jobs.get(job_id);
      if (!job) throw new Error('KeyError');
      job.progress.push({text: progress_data.text, at: performance.now()});
      return {success: true};
    });
  }

  #result(body: AimeResult & {job_id: string; auth_key: string}) {
    if (body.auth_key !== this.#key) return {success: false, error_msg: 'wrong key'};
    const job = this.#jobs.get(body.job_id);
    if (!job) return {cmd: 'warning', msg: 'unknown job'};
    if (job.result) throw new Error('InvalidStateError');
    job.result = body;
    job.settle(body);
    return {cmd: 'ok'};
  }
}
