// What a request wants to be told about the tokens of its answer, in the words of vLLM and llama-server.
import {z} from 'zod';
import type {Fields} from '../../../engine/wire/fields.ts';

export const tokenReplyFields = {
  n_probs: z.int().min(0).max(20).nullish().describe("llama-server's: log-probabilities of this many alternatives"),
  return_token_ids: z.boolean().nullish().describe('the reply has the ids of prompt and answer'),
  return_tokens_as_token_ids: z.boolean().nullish().describe('tokens of log-probabilities are written token_id:17'),
};

/** How a reply tells of tokens. */
export interface TokenReply {
  /** The ids of prompt and answer are in it. */
  readonly tokenIds: boolean;
  /** The tokens of log-probabilities are named by their ids. */
  readonly idsAsTokens: boolean;
}

export function readTokenReply(fields: Fields): TokenReply {
  return {
    tokenIds: fields.boolean('return_token_ids') ?? false,
    idsAsTokens: fields.boolean('return_tokens_as_token_ids') ?? false,
  };
}

/** How many alternatives llama-server's field asks for; undefined for none. */
export function readProbabilities(fields: Fields): number | undefined {
  return fields.integer('n_probs') || undefined;
}
