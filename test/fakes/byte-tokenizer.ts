// A real tokenizer over bytes: ids below 100 are control tokens, id 100 + b is the byte b.
import type {TokenDecoder, Tokenizer} from '../../src/engine/tokenizer/tokenizer.ts';
import type {Token} from '../../src/engine/types.ts';

const FIRST_BYTE = 100;
const CONTROL = ['<unk>', '<s>', '</s>', '[INST]', '[/INST]', '[TOOL_CALLS]', '[PREFIX]', '[SUFFIX]'];

export class ByteTokenizer implements Tokenizer {
  readonly family = 'tekken';
  readonly vocabSize = FIRST_BYTE + 256;
  readonly bos = 1;
  readonly eos = 2;

  encode(text: string): Token[] {
    return Array.from(new TextEncoder().encode(text), (byte) => FIRST_BYTE + byte);
  }

  controlId(text: string): Token | undefined {
    const id = CONTROL.indexOf(text);
    return id === -1 ? undefined : id;
  }

  isControl(token: Token): boolean {
    return token < FIRST_BYTE;
  }

  piece(token: Token): string {
    return this.isControl(token) ? (CONTROL[token] ?? `<${token}>`) : new TextDecoder().decode(this.bytes(token));
  }

  bytes(token: Token): Uint8Array {
    return this.isControl(token) ? new Uint8Array() : Uint8Array.of(token - FIRST_BYTE);
  }

  decoder(): TokenDecoder {
    const decoder = new TextDecoder();
    return {
      push: (token) => decoder.decode(this.bytes(token), {stream: true}),
      end: () => decoder.decode(),
    };
  }
}
