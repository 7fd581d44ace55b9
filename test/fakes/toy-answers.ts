// What a model under the contract of backends answers, in the ids of the toy vocabulary.
import type {ParsedToolCall} from '../../src/engine/contract/backend.ts';
import type {Token} from '../../src/engine/contract/requests.ts';
import {toyTokenizer} from './toy-tokenizer.ts';

type ToyVersion = 'v3' | 'v13';

interface ToyAnswer {
  readonly reasoning?: string;
  readonly text?: string;
  readonly calls?: readonly ParsedToolCall[];
}

const tokenizer = toyTokenizer();
const id = (name: string): Token => tokenizer.controlId(name) ?? 0;
const weather = (location: string, callId: string): ParsedToolCall => ({
  id: callId,
  name: 'get_current_weather',
  arguments: `{"location": "${location}", "format": "celsius"}`,
});

/** The answer to a prompt that contains one of the contract's questions; to any other one a text of more than 50 letters. */
export function toyAnswer(prompt: string): ToyAnswer {
  // What was called before stands in the prompt too.
  if (prompt.includes('"ok": true')) return {text: 'It is on, as you wanted.'};
  if (prompt.includes('Is it on?')) return {calls: [{id: 'abcDEF123', name: 'switch', arguments: '{"on": true}'}]};
  if (prompt.includes('Paris and in Rome'))
    return {calls: [weather('Paris', 'paris0001'), weather('Rome', 'rome00001')]};
  if (prompt.includes('in Paris?')) return {calls: [weather('Paris', 'paris0001')]};
  if (prompt.includes('Think')) return {reasoning: 'Let me see.', text: 'It is 4.'};
  const again = prompt.includes('again') ? 'Again: ' : '';
  return {text: `${again}This is an answer that goes on for more than fifty letters, to be cut at any of them.`};
}

/** The same as ids, in the form of a template version. */
export function toyAnswers(version: ToyVersion): (prompt: readonly Token[]) => Token[] {
  return (prompt) => {
    const text = Buffer.concat(prompt.map((token) => tokenizer.bytes(token))).toString('utf8');
    const {reasoning, text: said = '', calls = []} = toyAnswer(text);
    const thought = reasoning === undefined ? [] : [id('[THINK]'), ...tokenizer.encode(reasoning), id('[/THINK]')];
    return [...thought, ...tokenizer.encode(said), ...callIds(calls, version), tokenizer.eos];
  };
}

function callIds(calls: readonly ParsedToolCall[], version: ToyVersion): Token[] {
  if (calls.length === 0) return [];
  if (version === 'v13') {
    return calls.flatMap(({name, arguments: args}) => [
      id('[TOOL_CALLS]'),
      ...tokenizer.encode(name),
      id('[ARGS]'),
      ...tokenizer.encode(args),
    ]);
  }
  const list = calls.map((call) => `{"name": "${call.name}", "arguments": ${call.arguments}, "id": "${call.id}"}`);
  return [id('[TOOL_CALLS]'), ...tokenizer.encode(`[${list.join(', ')}]`)];
}
