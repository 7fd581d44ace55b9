// What /metrics publishes: our own names, and llama-server's so that existing dashboards keep working.
import {Counter, Gauge, Histogram, Registry} from 'prom-client';
import type {GenerationEvent} from '../engine/contract/backend.ts';
import type {Admission} from './admission.ts';

const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class Metrics {
  readonly registry = new Registry();
  readonly #requests = this.#counter('mistral_requests_total', 'Answered requests', ['route', 'status']);
  readonly #finished = this.#counter('mistral_generations_total', 'Generations by finish reason', ['reason']);
  readonly #prompt = this.#counter('llamacpp:prompt_tokens_total', 'Prompt tokens evaluated');
  readonly #cached = this.#counter('mistral_prompt_tokens_cached_total', 'Prompt tokens taken from the KV cache');
  readonly #promptSeconds = this.#counter('llamacpp:prompt_seconds_total', 'Prompt processing time');
  readonly #predicted = this.#counter('llamacpp:tokens_predicted_total', 'Generated tokens');
  readonly #predictedSeconds = this.#counter('llamacpp:tokens_predicted_seconds_total', 'Generation time');
  readonly #promptRate = this.#gauge('llamacpp:prompt_tokens_seconds', 'Prompt tokens per second, last generation');
  readonly #predictedRate = this.#gauge('llamacpp:predicted_tokens_seconds', 'Tokens per second, last generation');
  readonly #threads = this.#gauge('mistral_token_threads', 'Threads that compute each token; 0 before the first one');
  readonly #decodes = this.#counter('llamacpp:n_decode_total', 'Steps of the engine, as far as answers came of them');
  readonly #most = this.#counter('llamacpp:n_tokens_max', 'The most tokens of one prompt with its answer');
  /** Answers that went on in all steps together. */
  #busy = 0;
  #steps = 0;
  #inStep = false;
  #longest = 0;
  readonly #firstToken = new Histogram({
    name: 'mistral_time_to_first_token_seconds',
    help: 'From the start of a generation to its first token',
    buckets: LATENCY_BUCKETS,
    registers: [this.registry],
  });

  constructor(admission: Admission) {
    this.#gauge('llamacpp:requests_processing', 'Requests being answered', () => admission.active);
    this.#gauge('llamacpp:requests_deferred', 'Requests waiting for a slot', () => admission.waiting);
    const busy = 'llamacpp:n_busy_slots_per_decode';
    this.#gauge(busy, 'Answers that went on in a step, on average', () => this.#busy / Math.max(1, this.#steps));
    this.#gauge('mistral_slots', 'Requests that can be answered at the same time', () => admission.options.slots);
  }

  /** How many threads compute each token: the engine follows the machine. */
  setThreads(threads: number): void {
    this.#threads.set(threads);
  }

  countRequest(route: string, status: number): void {
    this.#requests.inc({route, status: String(status)});
  }

  /** Passes the events on and counts what the last one says. */
  async *meter(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
    for await (const event of events) {
      if (event.type === 'finish') this.#record(event);
      else if (event.type !== 'prompt') this.#step();
      yield event;
    }
  }

  /** What the answers of one step came to arrives in one turn of the event loop. */
  #step(): void {
    this.#busy++;
    if (this.#inStep) return;
    this.#inStep = true;
    this.#steps++;
    this.#decodes.inc();
    setImmediate(() => {
      this.#inStep = false;
    });
  }

  #record({reason, usage, timings}: GenerationEvent & {type: 'finish'}): void {
    this.#finished.inc({reason});
    const length = usage.promptTokens + usage.completionTokens;
    this.#most.inc(Math.max(0, length - this.#longest));
    this.#longest = Math.max(this.#longest, length);
    this.#prompt.inc(usage.promptTokens - usage.cachedTokens);
    this.#cached.inc(usage.cachedTokens);
    this.#promptSeconds.inc(timings.promptMs / 1000);
    this.#predicted.inc(usage.completionTokens);
    this.#predictedSeconds.inc(timings.generationMs / 1000);
    if (timings.promptTokensPerSecond !== undefined) this.#promptRate.set(timings.promptTokensPerSecond);
    if (timings.tokensPerSecond !== undefined) this.#predictedRate.set(timings.tokensPerSecond);
    if (timings.firstTokenMs !== undefined) this.#firstToken.observe(timings.firstTokenMs / 1000);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({name, help, labelNames, registers: [this.registry]});
  }

  #gauge(name: string, help: string, read?: () => number): Gauge {
    return new Gauge({
      name,
      help,
      registers: [this.registry],
      ...(read && {
        collect() {
          this.set(read());
        },
      }),
    });
  }
}
