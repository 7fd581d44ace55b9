// Ids for tool calls: nine alphanumeric characters, unique in one message.
import {randomBytes} from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 9;

/** A random id of the form mistral-common demands. */
export function newCallId(): string {
  let id = '';
  while (id.length < LENGTH) {
    for (const byte of randomBytes(LENGTH)) {
      // Bytes from 248 on would make the first eight characters more frequent.
      if (byte < ALPHABET.length * 4 && id.length < LENGTH) id += ALPHABET[byte % ALPHABET.length];
    }
  }
  return id;
}

/** Keeps the ids a model wrote as long as they differ; the other calls get a fresh one. */
export class CallIds {
  private readonly used = new Set<string>();
  private readonly generate: () => string;

  constructor(generate: () => string = newCallId) {
    this.generate = generate;
  }

  take(written: string | undefined): string {
    let id = written ?? this.generate();
    while (this.used.has(id)) id = this.generate();
    this.used.add(id);
    return id;
  }
}
