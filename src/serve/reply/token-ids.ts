// Token ids that come from or go to a client.
import {EngineError} from '../../base/errors.ts';
import {atOnce, inTurns, type Steps} from '../../base/in-turns.ts';
import type {Backend, TokenLogprob} from '../../engine/contract/backend.ts';
import {checkLength, HOLE, type Token} from '../../engine/contract/prompt.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {rawTextSteps} from '../../engine/template/raw-text.ts';

/** @throws EngineError for an id the vocabulary lacks. */
export function checkTokens(tokens: readonly Token[], {vocabSize}: Tokenizer, param: string): void {
  const wrong = tokens.findIndex((token) => token >= vocabSize);
  if (wrong === -1) return;
  throw new EngineError('invalid_request', `there is no token ${tokens[wrong]}; the vocabulary has ${vocabSize}`, {
    param: `${param}[${wrong}]`,
  });
}

const decoder = new TextDecoder();

/** A token's own text: a control token by its name, a part of a character as U+FFFD. */
export function tokenText(token: Token, tokenizer: Tokenizer): string {
  return tokenizer.isControl(token) ? tokenizer.piece(token) : decoder.decode(tokenizer.bytes(token));
}

/** Tokens between two pauses. */
const STEP = 1024;
/** Parts of a mixed prompt between two pauses. */
const PARTS = 256;

/** A token by its id, as vLLM writes it where texts are not enough. */
export function idName(token: Token | undefined): string {
  return `token_id:${token}`;
}

/** A token and its bytes as the text of its answer has them. */
export interface SpokenToken {
  readonly text: string;
  readonly bytes: readonly number[];
}

/**
 * A token of an answer with its alternatives: joined, the texts of the tokens are the answer, and so are their bytes. A
 * word mark at its very beginning is no space there, nor is that of an alternative.
 */
export function spokenTokens({token, text, top}: TokenLogprob, tokenizer: Tokenizer) {
  const whole = tokenText(token, tokenizer);
  const isFirst = text !== undefined && whole === ` ${text}`;
  const spoken = (one: Token): SpokenToken => {
    const own = tokenText(one, tokenizer);
    const bytes = [...tokenizer.bytes(one)];
    const isMarked = isFirst && own.startsWith(' ');
    const said = one === token && text !== undefined ? text : isMarked ? own.slice(1) : own;
    return {text: said, bytes: isMarked ? bytes.slice(1) : bytes};
  };
  const alternatives = top.map(({token: other, logprob}) => ({id: other, ...spoken(other), logprob}));
  return {own: spoken(token), alternatives};
}

/** The text a prompt was made of, control tokens by their names; media have none. */
export function* promptTextSteps(tokens: readonly Token[], tokenizer: Tokenizer): Steps<string> {
  let text = '';
  let decoder = tokenizer.decoder();
  for (const [index, token] of tokens.entries()) {
    if (index % STEP === 0) yield;
    if (token === HOLE) continue;
    if (tokenizer.isControl(token)) {
      text += decoder.end() + tokenizer.piece(token);
      decoder = tokenizer.decoder();
    } else text += decoder.push(token);
  }
  return text + decoder.end();
}

/** The same without a pause, for a prompt that a context holds. */
export function promptText(tokens: readonly Token[], tokenizer: Tokenizer): string {
  return atOnce(promptTextSteps(tokens, tokenizer));
}

/** The ids of a text, without BOS; `parseSpecial`: names of control tokens are these tokens. */
export function textSteps(text: string, tokenizer: Tokenizer, parseSpecial: boolean): Steps<Token[]> {
  return parseSpecial ? rawTextSteps(text, tokenizer) : tokenizer.encodeSteps(text);
}

/** A list as JSON, for replies that hold one of a million items. */
export function* jsonListSteps<Item>(items: readonly Item[], json: (item: Item) => unknown): Steps<string> {
  const parts: string[] = [];
  for (let from = 0; from < items.length; from += STEP) {
    parts.push(JSON.stringify(items.slice(from, from + STEP).map(json)).slice(1, -1));
    yield;
  }
  return `[${parts.join(',')}]`;
}

/**
 * A prompt of texts and ids as one list of ids; a text alone stays one.
 * @throws EngineError for an id the vocabulary lacks, for a mixture where the vocabulary is not here, and
 * `context_length_exceeded` as soon as they are more than fit.
 */
function* promptSteps(
  prompt: string | readonly (string | Token)[],
  {tokenizer, model}: Pick<Backend, 'tokenizer' | 'model'>,
  {parseSpecial, param}: {readonly parseSpecial: boolean; readonly param: string},
): Steps<string | readonly Token[]> {
  if (typeof prompt === 'string') return prompt;
  const ids = prompt.filter((one) => typeof one === 'number');
  if (tokenizer) checkTokens(ids, tokenizer, param);
  if (ids.length === prompt.length) return ids;
  if (!tokenizer) throw new EngineError('unsupported', 'a mixed prompt needs a local model', {param});
  const tokens: Token[] = [];
  for (const [index, one] of prompt.entries()) {
    if (index % PARTS === 0) yield;
    if (typeof one === 'number') tokens.push(one);
    else for (const token of yield* textSteps(one, tokenizer, parseSpecial)) tokens.push(token);
    checkLength(tokens.length, model.contextSize ?? Number.POSITIVE_INFINITY, index < prompt.length - 1);
  }
  return tokens;
}

/** What `allPrompts` reads of a call. */
export interface RawPrompts {
  readonly prompts: readonly (string | readonly (string | Token)[])[];
  readonly parseSpecial: boolean;
}

/** Every prompt of a raw route as the backend takes it, in turns; `check` ends the work. @throws EngineError as `promptSteps`. */
export async function allPrompts(
  {prompts, parseSpecial}: RawPrompts,
  backend: Pick<Backend, 'tokenizer' | 'model'>,
  check: () => void,
): Promise<(string | readonly Token[])[]> {
  const all = [];
  for (const [at, one] of prompts.entries()) {
    const param = prompts.length === 1 ? 'prompt' : `prompt[${at}]`;
    all.push(await inTurns(promptSteps(one, backend, {parseSpecial, param}), check));
  }
  return all;
}
