// The smallest complete vocabulary: 100 control ids, then one id a byte.

import type {TemplateVersion, Token} from '../../src/engine/contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../src/engine/contract/tokenizer.ts';
import {TEKKEN_PATTERN} from '../../src/engine/tokenizer/tekken/tekken-split.ts';

const FIRST_BYTE = 100;
const CONTROLS = [
  '<unk>',
  '<s>',
  '</s>',
  '[INST]',
  '[/INST]',
  '[AVAILABLE_TOOLS]',
  '[/AVAILABLE_TOOLS]',
  '[TOOL_RESULTS]',
  '[/TOOL_RESULTS]',
  '[TOOL_CALLS]',
  '[IMG]',
  '<pad>',
  '[IMG_BREAK]',
  '[IMG_END]',
  '[PREFIX]',
  '[MIDDLE]',
  '[SUFFIX]',
  '[SYSTEM_PROMPT]',
  '[/SYSTEM_PROMPT]',
  '[TOOL_CONTENT]',
];
const LATER_CONTROLS: readonly (readonly [string, Token])[] = [
  ['[ARGS]', 32],
  ['[CALL_ID]', 33],
  ['[THINK]', 35],
  ['[/THINK]', 36],
  ['[MODEL_SETTINGS]', 37],
  ['[/MODEL_SETTINGS]', 38],
];
const CONTROL_IDS = new Map<string, Token>([...CONTROLS.map((text, id) => [text, id] as const), ...LATER_CONTROLS]);
const CONTROL_TEXTS = new Map([...CONTROL_IDS].map(([text, id]) => [id, text]));

/** `without` names control tokens this vocabulary lacks. */
export function toyTokenizer(without: readonly string[] = []): Tokenizer {
  const isControl = (token: Token): boolean => token < FIRST_BYTE;
  const bytes = (token: Token): Uint8Array => (isControl(token) ? new Uint8Array() : Uint8Array.of(token - FIRST_BYTE));
  const encode = (text: string) => [...new TextEncoder().encode(text)].map((byte) => byte + FIRST_BYTE);
  return {
    family: 'tekken',
    vocabSize: FIRST_BYTE + 256,
    bos: 1,
    eos: 2,
    encode,
    *encodeSteps(text) {
      const tokens: Token[] = [];
      for (let from = 0; from < text.length; from += 1000) {
        // No character is cut in two: the halves of one are told by their code.
        for (const token of encode(stretch(text, from))) tokens.push(token);
        yield;
      }
      return tokens;
    },
    specials: new Map([...CONTROL_IDS].filter(([text]) => !without.includes(text))),
    controlId: (text) => (without.includes(text) ? undefined : CONTROL_IDS.get(text)),
    isControl,
    piece: (token) =>
      isControl(token) ? (CONTROL_TEXTS.get(token) ?? `<SPECIAL_${token}>`) : new TextDecoder().decode(bytes(token)),
    bytes,
    decoder: (): TokenDecoder => {
      const utf8 = new TextDecoder('utf-8', {ignoreBOM: true});
      return {push: (token) => utf8.decode(bytes(token), {stream: true}), end: () => utf8.decode()};
    },
  };
}

/** A thousand UTF-16 units from `from` on, without a half character at either end. */
function stretch(text: string, from: number): string {
  const isHalf = (at: number) => /[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '');
  return text.slice(from + (isHalf(from) ? 1 : 0), from + 1000 + (isHalf(from + 1000) ? 1 : 0));
}

/** The same vocabulary as a tekken.json; `builder` is its `model_settings_builder`, undefined for none. */
export function toyTekken(version: TemplateVersion, builder?: unknown): string {
  return JSON.stringify({
    config: {
      pattern: TEKKEN_PATTERN,
      num_vocab_tokens: 256,
      default_vocab_size: FIRST_BYTE + 256,
      default_num_special_tokens: FIRST_BYTE,
      version,
    },
    vocab: Array.from({length: 256}, (_, byte) => ({
      rank: byte,
      token_bytes: Buffer.of(byte).toString('base64'),
      token_str: byte < 128 ? String.fromCharCode(byte) : null,
    })),
    special_tokens: Array.from({length: FIRST_BYTE}, (_, rank) => ({
      rank,
      token_str: CONTROL_TEXTS.get(rank) ?? `<SPECIAL_${rank}>`,
      is_control: true,
    })),
    model_settings_builder: builder,
  });
}
