// What llama.cpp says while it loads, kept for explanations.
import type {LogListener} from '../contract/local-engine.ts';

const KEPT_LINES = 200;

/** The newest lines of llama.cpp's log. A failed load explains itself only here, and after its promise is rejected. */
export class EngineLog {
  readonly #lines: string[] = [];
  readonly #listeners = new Set<LogListener>();

  add(level: string, message: string): void {
    for (const line of message.split('\n')) {
      if (line.trim() === '') continue;
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    }
    for (const listener of this.#listeners) listener(level, message);
  }

  clear(): void {
    this.#lines.length = 0;
  }

  lines(): readonly string[] {
    return this.#lines;
  }

  /** Passes every message on until the returned function is called. */
  listen(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
