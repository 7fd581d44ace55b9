// Makes an infill request fit the context: other files go first, then the far ends of prefix and suffix.
import type {Backend} from '../../engine/contract/backend.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {writeInTurns} from '../../engine/tokenizer/write-in-turns.ts';
import type {ExtraFile, InfillCall} from '../body/read-infill.ts';

/** Mistral's vocabulary has no marks for other files; a comment with the name reads like code everywhere. */
const extraText = ({text, filename}: ExtraFile) => `# File: ${filename ?? 'unnamed'}\n${text}\n\n`;

/** Three quarters of the room for what stands before the gap, as llama-server shares it. */
const PREFIX_SHARE = 0.75;
/** BOS and the two control tokens of a fill-in-the-middle prompt, and one for the answer. */
const FRAME = 4;

/** The longest head or tail of a text with at most `count` tokens. Cutting ids and decoding them keeps it exact. */
function cut(text: string, count: number, end: 'head' | 'tail', tokenizer: Tokenizer): string {
  const ids = tokenizer.encode(text);
  if (ids.length <= count) return text;
  const kept = count <= 0 ? [] : end === 'head' ? ids.slice(0, count) : ids.slice(-count);
  const decoder = tokenizer.decoder();
  return kept.map((id) => decoder.push(id)).join('') + decoder.end();
}

type InfillTexts = Pick<InfillCall, 'prefix' | 'suffix' | 'extras' | 'answerLength'>;

/** Prompt and suffix that fit with room for the answer; unchanged where the vocabulary is not known. */
export async function fitInfill(texts: InfillTexts, {tokenizer, model}: Backend, check?: () => void): Promise<Fitted> {
  const {contextSize} = model;
  const extras = texts.extras.map(extraText);
  if (!tokenizer || contextSize === undefined) return {prompt: extras.join('') + texts.prefix, suffix: texts.suffix};
  const fit = (own: Tokenizer) => fitted({...texts, extras}, own, contextSize);
  return await writeInTurns(tokenizer, fit, check ? {check} : {});
}

interface Fitted {
  readonly prompt: string;
  readonly suffix: string;
}

function fitted(
  {prefix, suffix, extras, answerLength}: Omit<InfillTexts, 'extras'> & {readonly extras: readonly string[]},
  tokenizer: Tokenizer,
  contextSize: number,
): Fitted {
  const count = (text: string) => tokenizer.encode(text).length;
  let room = contextSize - FRAME - answerLength;
  const suffixRoom = Math.max(room - count(prefix), Math.floor(room * (1 - PREFIX_SHARE)));
  const shortSuffix = cut(suffix, suffixRoom, 'head', tokenizer);
  room -= count(shortSuffix);
  const shortPrefix = cut(prefix, room, 'tail', tokenizer);
  room -= count(shortPrefix);
  // The last of the extras is the most useful one and stands nearest to the code.
  const kept: string[] = [];
  for (const extra of extras.toReversed()) {
    room -= count(extra);
    if (room < 0) break;
    kept.unshift(extra);
  }
  return {prompt: kept.join('') + shortPrefix, suffix: shortSuffix};
}
