// Ids for tool calls: nine alphanumeric characters, unique in one message.
import {createHash, randomBytes} from 'node:crypto';
import type {Token} from './requests.ts';

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

/** Nine characters that follow from the text. */
export function hashedCallId(text: string): string {
  let rest = BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
  let id = '';
  while (id.length < LENGTH) {
    id += ALPHABET[Number(rest % 62n)];
    rest /= 62n;
  }
  return id;
}

/**
 * Ids for an answer that is to be the same again: they follow from the prompt and the seed (undefined: there is no
 * chance in it). Prompts of one conversation differ, so its ids do too.
 */
export function repeatableCallIds(prompt: readonly Token[], seed: number | undefined): () => string {
  const key = createHash('sha256').update(Uint32Array.from(prompt)).digest('hex');
  let count = 0;
  return () => hashedCallId(`${key}:${seed ?? ''}:${count++}`);
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
