// The readers of foreign text that are fuzzed: each takes bytes and may refuse them, but only by an EngineError or JSON's own.
import {readEvents} from '../src/base/http/server-sent-events.ts';
import {dumpsJson, parseJson} from '../src/base/json.ts';
import {parsePlainJson} from '../src/base/plain-json.ts';
import {readLines} from '../src/engine/conversation/session-lines.ts';
import {ConfigFile} from '../src/engine/convert/source/config-file.ts';
import {readHfConfig} from '../src/engine/convert/source/figures/hf-config.ts';
import {readMistralParams} from '../src/engine/convert/source/figures/mistral-params.ts';
import {refuseKinds} from '../src/engine/convert/source/figures/refused-kinds.ts';
import {hyperparameterEntries} from '../src/engine/convert/tensors/hyperparameters.ts';
import {readHfVocabulary} from '../src/engine/convert/vocabulary/hf-vocabulary.ts';
import {readVocabulary} from '../src/engine/convert/vocabulary/vocabulary.ts';
import {HeaderEnd} from '../src/engine/gguf/file-cursor.ts';
import {parseGguf} from '../src/engine/gguf/read-header.ts';
import {layOut} from '../src/engine/gguf/write-header.ts';
import {repositoryIn} from '../src/engine/models/pull/hub/hub-answer.ts';
import {RemoteAnswer} from '../src/engine/remote/read-events.ts';
import {refusalIn} from '../src/engine/remote/server-words.ts';
import {OutputParser} from '../src/engine/template/parse/output-parser.ts';
import {parseTekken} from '../src/engine/tokenizer/tekken/tekken-file.ts';
import {readChatRequest, readFimRequest} from '../src/engine/wire/read-request.ts';
import {KeyDecoder} from '../src/ui/keys/decoder.ts';
import {MarkdownStream} from '../src/ui/markdown/stream.ts';
import {createTheme} from '../src/ui/markdown/style.ts';
import {Sentences} from '../src/ui/sentences.ts';
import {toyTokenizer} from '../test/fakes/toy-tokenizer.ts';
import {hfMambaFolder, latentConfig, latentParams, windowFolder} from '../test/fixtures/families-2026.ts';
import {randomModel, TINY_SHAPE} from '../test/fixtures/random-model.ts';
import {tekkenFile} from '../test/fixtures/tiny-folder.ts';
import {tokenizerJson} from '../test/fixtures/tokenizer-json.ts';

export interface Target {
  readonly name: string;
  /** Good inputs, from which bad ones are made. */
  readonly seeds: readonly Uint8Array[];
  readonly read: (bytes: Buffer) => unknown;
}

const bytes = (...texts: readonly string[]) => texts.map((text) => Buffer.from(text));
const toy = toyTokenizer();
const theme = createTheme({color: true, unicode: true, hyperlinks: true});

/** Cuts the bytes in three, as a stream does anywhere. */
function pieces(all: Buffer): readonly Buffer[] {
  const third = Math.ceil(all.length / 3);
  return [all.subarray(0, third), all.subarray(third, 2 * third), all.subarray(2 * third)];
}

const textPieces = (all: Buffer) =>
  pieces(Buffer.from(all.toString(), 'utf16le')).map((piece) => piece.toString('utf16le'));

async function* stream(all: Buffer): AsyncGenerator<Buffer> {
  yield* pieces(all);
}

async function remoteAnswer(data: string): Promise<void> {
  const answer = new RemoteAnswer({seed: 1, now: () => 0, startsMessage: true});
  for (const line of data.split('\n')) for (const _event of answer.take(line));
  for await (const _event of answer.finish(false));
}

/** A letter is a token; the toy's control tokens are written as the bytes 0 to 40. */
function outputParser(all: Buffer): void {
  const tools = [{name: 'add', description: '', parameters: new Map()}];
  for (const version of ['v2', 'v3', 'v7', 'v11', 'v13'] as const) {
    const parser = new OutputParser(toy, version, {tools});
    for (const byte of all) parser.push(byte < 41 && byte !== 10 && byte !== 32 ? byte : byte + 100);
    parser.end('stop');
  }
}

function markdown(all: Buffer): void {
  const rows = new MarkdownStream(37, theme);
  for (const piece of textPieces(all)) {
    rows.write(piece);
    rows.tail(24);
  }
  rows.end();
}

const json = (text: string) => parsePlainJson(Buffer.from(text));

/** As the reader of the file, which refuses all but objects. */
function config(all: Buffer): ConfigFile {
  const value = parsePlainJson(all);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('no object');
  return new ConfigFile('config.json', value as Record<string, unknown>);
}

/** As the reader of the file, which reads more of it when the header goes on, and refuses a file that ends in it. */
function ggufHeader(all: Buffer): void {
  try {
    parseGguf('m.gguf', all, all.length);
  } catch (error) {
    if (error instanceof HeaderEnd) throw new SyntaxError('it ends in its header');
    throw error;
  }
}

const CHAT = {
  messages: [
    {role: 'system', content: 'Be brief.'},
    {role: 'user', content: [{type: 'text', text: 'Hi'}]},
    {role: 'assistant', content: null, tool_calls: [{id: 'abcdefghi', function: {name: 'add', arguments: '{"a": 1}'}}]},
    {role: 'tool', tool_call_id: 'abcdefghi', name: 'add', content: '2'},
  ],
  tools: [
    {
      type: 'function',
      function: {name: 'add', description: 'x', parameters: {type: 'object', properties: {a: {type: 'number'}}}},
    },
  ],
  tool_choice: {type: 'function', function: {name: 'add'}},
  response_format: {type: 'json_schema', json_schema: {name: 'a', schema: {type: 'object'}}},
  temperature: 0.5,
  stop: ['x'],
};
const PARAMS = {
  dim: 64,
  n_layers: 2,
  head_dim: 16,
  hidden_dim: 96,
  n_heads: 4,
  n_kv_heads: 2,
  norm_eps: 1e-5,
  vocab_size: 100,
  rope_theta: 1e6,
};
const HF = {
  architectures: ['MistralForCausalLM'],
  model_type: 'mistral',
  hidden_size: 64,
  num_hidden_layers: 2,
  intermediate_size: 96,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-5,
  vocab_size: 100,
  max_position_embeddings: 1024,
  rope_parameters: {rope_theta: 1e6, rope_type: 'yarn', factor: 4, original_max_position_embeddings: 256},
};
const TOKENIZER = tokenizerJson(readVocabulary('tekken.json', 'tekken.json', Buffer.from(tekkenFile())));
const CALL = {index: 0, id: 'a', function: {name: 'f', arguments: '{"a":1}'}};
const CHUNK = {
  choices: [{delta: {content: 'Hel', tool_calls: [CALL]}, finish_reason: 'stop'}],
  usage: {prompt_tokens: 1},
};
const SESSION = [
  {type: 'session', format: 1, id: 'a', model: 'm', created: '2026-01-01T00:00:00.000Z'},
  {type: 'message', node: 1, parent: 0, message: {role: 'user', content: 'Hi'}},
  {type: 'partial', text: 'He'},
  {type: 'queued', id: 1, text: 'x', instead: [2]},
  {type: 'head', node: 1},
];

export const TARGETS: readonly Target[] = [
  {
    name: 'server-sent events',
    seeds: bytes('\uFEFF: ping\n\ndata: {"a":\rdata: 1}\r\n\r\nevent: x\nid: 1\ndata: \u2028\n\n'),
    read: async (all) => {
      for await (const _event of readEvents(stream(all)));
    },
  },
  {
    name: 'remote chunks',
    seeds: bytes('{"error":{"message":"x"}}', '{"content":"a","stop":true}', JSON.stringify(CHUNK)),
    read: (all) => remoteAnswer(all.toString()),
  },
  {
    name: 'refusals of servers',
    seeds: bytes('{"error":{"message":"x","code":1,"param":"n"}}', '<html><title>x</title>'),
    read: (all) => refusalIn(all.toString()),
  },
  {
    name: 'output of models',
    seeds: bytes(
      '\u0009[{"name": "add", "arguments": {"a": 1}}]\u0002',
      '\u0009add\u0020{"a":1}\u0023hm\u0024x',
      '[{"name":"add","arguments":{}}]',
    ),
    read: outputParser,
  },
  {
    name: 'markdown',
    seeds: bytes(
      '# A *b* `c`\n- x\n  1. y\n> q\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n```ts\nlet x;\n```\n[l](http://x) $a^2$ \u{1F469}\u200d\u{1F469}\n',
    ),
    read: markdown,
  },
  {
    name: 'sentences',
    seeds: bytes('One. Two?! "Three." (Four...) 五。「六」\n7 e.g. 8'),
    read: (all) => {
      const held = new Sentences();
      for (const piece of textPieces(all)) held.push(piece);
      held.end();
    },
  },
  {
    name: 'keys',
    seeds: bytes(
      'a\u001b[A\u001b[1;5C\u001bOP\u001b[200~paste\u001b[201~\u001b[<0;1;2M\u001b[27u\u001b]0;x\u0007\u001b',
    ),
    read: (all) => {
      const decoder = new KeyDecoder(() => 0);
      for (const piece of pieces(all)) decoder.push(piece);
      decoder.flush();
    },
  },
  {
    name: 'JSON',
    seeds: bytes('{"a": [1.50, -2e10, "\\u00e9\\ud83d\\ude00", null, true, {}]}', '[[[[[[]]]]]]', '1'),
    read: (all) => dumpsJson(parseJson(all.toString())),
  },
  {
    name: 'chat requests',
    seeds: bytes(JSON.stringify(CHAT)),
    read: (all) => readChatRequest(parseJson(all.toString()), {dialect: 'lenient'}),
  },
  {
    name: 'fill-in requests',
    seeds: bytes('{"prompt":"a","suffix":"b","max_tokens":4}'),
    read: (all) => readFimRequest(parseJson(all.toString()), {dialect: 'lenient'}),
  },
  {
    name: 'params.json',
    seeds: bytes(
      JSON.stringify(PARAMS),
      JSON.stringify(latentParams()),
      JSON.stringify({...PARAMS, sliding_window: [null, 24]}),
      JSON.stringify({model_type: 'mamba', dim: 64, n_layers: 2, d_inner: 128, head_dim: 16}),
    ),
    read: (all) => {
      const file = config(all);
      refuseKinds('mistral', file);
      layOut(hyperparameterEntries(readMistralParams(file, {embeddingRows: 100}).model), []);
    },
  },
  {
    name: 'config.json',
    seeds: bytes(
      JSON.stringify(HF),
      JSON.stringify(latentConfig()),
      Buffer.from(windowFolder('ministral')['config.json'] ?? []).toString(),
      Buffer.from(hfMambaFolder()['config.json'] ?? [])
        .toString()
        .replace('Infinity', '1e30'),
    ),
    read: (all) => {
      const file = config(all);
      refuseKinds('hf', file);
      layOut(hyperparameterEntries(readHfConfig(file, {embeddingRows: 100}).model), []);
    },
  },
  {
    name: 'tekken.json',
    seeds: [Buffer.from(tekkenFile()).subarray(0, 6000), tekkenFile()],
    read: (all) => parseTekken('tekken.json', all),
  },
  {
    name: 'tokenizer.json',
    seeds: bytes(JSON.stringify(TOKENIZER)),
    read: (all) => readHfVocabulary('tokenizer.json', all),
  },
  {name: 'GGUF headers', seeds: [randomModel(TINY_SHAPE).subarray(0, 12_000)], read: ggufHeader},
  {name: 'session lines', seeds: bytes(`${SESSION.map((line) => JSON.stringify(line)).join('\n')}\n`), read: readLines},
  {
    name: 'answers of hubs',
    seeds: bytes(
      JSON.stringify({
        sha: '0123456789abcdef',
        siblings: [{rfilename: 'a/b', size: 1, blobId: 'x', lfs: {sha256: 'y', size: 2}}],
      }),
    ),
    read: (all) => repositoryIn(json(all.toString())),
  },
];
