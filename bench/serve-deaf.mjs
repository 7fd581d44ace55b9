// How long one request keeps everybody else waiting: node bench/serve-deaf.mjs http://127.0.0.1:8080 [part of a name]
// Sends bodies that cost much, one by one, and asks /health meanwhile: prints the longest wait for it, in milliseconds.
import {Agent, request} from 'node:http';

const [url = 'http://127.0.0.1:8080', only = ''] = process.argv.slice(2);
/** Milliseconds after which a client gives up. */
const PATIENCE = 20_000;
const many = (count, make) => Array.from({length: count}, (_, index) => make(index));
const named = (count, value) => Object.fromEntries(many(count, (index) => [`f${index}`, value]));
const user = {role: 'user', content: 'a'};
const chat = (more) => ({messages: [user], max_tokens: 2, ...more});
const form = (schema) => chat({response_format: {type: 'json_schema', json_schema: {name: 'a', schema}}});
const tool = (name, parameters) => ({type: 'function', function: {name, parameters}});
const history = many(9001, (index) => ({role: index % 2 ? 'assistant' : 'user', content: 'a'}));
const calls = many(5000, (index) => ({type: 'tool_use', id: `c${index}`, name: 'f', input: {}}));
const results = many(5000, (index) => ({type: 'tool_result', tool_use_id: `c${index}`, content: 'a'}));
const circle = (count, of) => ({
  $ref: '#/$defs/f0',
  $defs: Object.fromEntries(many(count, (index) => [`f${index}`, of({$ref: `#/$defs/f${(index + 1) % count}`})])),
});
const spaces = ' '.repeat(7_000_000);
const words = 'the cat '.repeat(875_000);
const word = 'abcdefg'.repeat(1_000_000);

const CHAT = '/v1/chat/completions';
/** @type {[name: string, path: string, body: unknown][]} A text is sent as it is. */
const BODIES = [
  ['50,000 enum strings', CHAT, form({enum: many(50_000, (index) => `value ${index}`)})],
  ['enum of beginnings', CHAT, form({enum: many(1300, (index) => 'a'.repeat(index))})],
  ['enum beside a pattern', CHAT, form({enum: many(20_000, (at) => `v ${at}`), pattern: '^(a|v)*.*[0-9]$'})],
  ['5,000 properties', CHAT, form({type: 'object', properties: named(5000, {type: 'integer'})})],
  ['20,000 properties', CHAT, form({type: 'object', properties: named(20_000, {type: 'integer'})})],
  ['counted properties', CHAT, form({properties: named(140, {}), minProperties: 99, maxProperties: 139})],
  ['5,000 alternatives', CHAT, form({anyOf: many(5000, (index) => ({const: `a${index}`}))})],
  ['10,000 alternatives', CHAT, form({anyOf: many(10_000, () => ({type: 'string'}))})],
  [
    'alternatives of properties',
    CHAT,
    form({properties: named(200, {}), anyOf: many(2000, () => ({minProperties: 1}))}),
  ],
  ['references in a circle', CHAT, form(circle(5000, (next) => next))],
  ['objects in a circle', CHAT, form(circle(1400, (next) => ({properties: {a: next}, required: ['a']})))],
  ['alternatives in a circle', CHAT, form({enum: [1], ...circle(1, (next) => ({anyOf: [next, next]}))})],
  ['oneOf of enums', CHAT, form({oneOf: many(140, (at) => ({enum: many(190, (one) => at * 1000 + one)}))})],
  ['2,500 patterns', CHAT, form({properties: named(2500, {pattern: '^[a-z]{3,900}$', minLength: 5})})],
  ['2,500 multiples', CHAT, form({properties: named(2500, {type: 'integer', multipleOf: 997})})],
  ['a form of /completion', '/completion', {prompt: 'a', n_predict: 2, json_schema: {enum: many(50_000, String)}}],
  [
    'a form of Ollama',
    '/api/chat',
    {messages: [user], format: {enum: many(50_000, String)}, options: {num_predict: 2}},
  ],
  ['1,000 tools', CHAT, chat({tools: many(1000, (at) => tool(`f${at}`, {type: 'object', properties: named(10, {})}))})],
  ['large tools', CHAT, chat({tools: many(8, (at) => tool(`f${at}`, {properties: named(4000, {})}))})],
  ['1,000 tools of Messages', '/v1/messages', chat({tools: many(1000, (at) => ({name: `f${at}`, input_schema: {}}))})],
  ['20,000 biases', CHAT, chat({logit_bias: Object.fromEntries(many(20_000, (index) => [index, 1]))})],
  ['200,000 biases', CHAT, chat({logit_bias: Object.fromEntries(many(200_000, (index) => [index, 1]))})],
  ['300,000 allowed tokens', CHAT, chat({allowed_token_ids: many(299_000, (index) => index % 500)})],
  ['1,000 bad words', CHAT, chat({bad_words: many(1000, (index) => `word ${index} `.repeat(20))})],
  ['long stop texts', CHAT, chat({stop: ['a'.repeat(7_000_000)]})],
  ['long stop texts of Messages', '/v1/messages', chat({stop_sequences: ['a'.repeat(7_000_000)]})],
  ['long stop texts of Ollama', '/api/generate', {prompt: 'a', options: {stop: ['a'.repeat(7_000_000)]}}],
  ['9,001 messages', CHAT, chat({messages: history})],
  ['9,001 of Messages', '/v1/messages', chat({messages: history})],
  ['9,001 of Ollama', '/api/chat', {messages: history}],
  ['9,001 items', '/v1/responses', {input: history}],
  [
    '5,000 results',
    '/v1/messages',
    chat({messages: [user, {role: 'assistant', content: calls}, {role: 'user', content: results}]}),
  ],
  ['9,001 as text', '/apply-template', chat({messages: history})],
  ['length of 9,001', '/v1/messages/count_tokens', {messages: history}],
  ['50,000 messages', CHAT, chat({messages: many(50_000, () => user)})],
  ['many lists', CHAT, chat({metadata: many(1_000_000, () => [])})],
  ['many settings', CHAT, chat({model_settings: named(200_000, 1)})],
  ['half a document', '/v1/messages', `{"messages":[${'1,'.repeat(3_000_000)}`],
  ['escapes', '/infill', `{"input_prefix":"${'\\n'.repeat(3_000_000)}`],
  ['spaces to tokens', '/tokenize', {content: spaces}],
  ['words to tokens', '/tokenize', {content: words}],
  ['words to pieces', '/tokenize', {content: words.slice(0, 2_000_000), with_pieces: true}],
  ['one word to tokens', '/tokenize', {content: word}],
  ['brackets to tokens', '/tokenize', {content: '['.repeat(7_000_000)}],
  ['control tokens', '/tokenize', {content: '[INST]'.repeat(1_000_000)}],
  ['ids to text', '/detokenize', {tokens: many(1_500_000, () => 70)}],
  ['a chat of spaces', CHAT, chat({messages: [{role: 'user', content: spaces}]})],
  ['a chat of one word', CHAT, chat({messages: [{role: 'user', content: word}]})],
  ['a chat as text', '/apply-template', chat({messages: [{role: 'user', content: words}]})],
  ['items of one word', '/v1/responses/input_tokens', {input: word}],
  ['a text of words', '/v1/completions', {prompt: words, max_tokens: 2}],
  ['a gap of one word', '/v1/fim/completions', {prompt: word, suffix: word.slice(0, 100_000), max_tokens: 2}],
  [
    'files',
    '/infill',
    {input_prefix: 'a', input_suffix: 'b', n_predict: 2, input_extra: many(9000, () => ({text: 'the cat'}))},
  ],
  ['texts to vectors', '/v1/embeddings', {input: many(2000, () => 'the cat '.repeat(100))}],
];

const agent = new Agent({keepAlive: true});

/** The status of a reply, and 0 where there is none. */
function send(path, body, options = {}) {
  return new Promise((resolve) => {
    const method = body === undefined ? 'GET' : 'POST';
    const call = request(
      `${url}${path}`,
      {method, headers: {'content-type': 'application/json'}, ...options},
      (reply) => {
        reply.resume();
        reply.on('close', () => resolve(reply.statusCode));
      },
    );
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

/** Asks /health again and again until `isOver`; the longest wait for an answer, in milliseconds. */
async function longestWait(isOver) {
  let longest = 0;
  while (!isOver()) {
    const asked = performance.now();
    await send('/health', undefined, {agent});
    longest = Math.max(longest, performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return longest;
}

await longestWait(() => performance.now() > 2000);
console.log('/health ms  status  seconds  body');
let worst = 0;
for (const [name, path, body] of BODIES) {
  if (!name.includes(only)) continue;
  const text = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  let isOver = false;
  const started = performance.now();
  const patience = AbortSignal.timeout(PATIENCE);
  const waited = longestWait(() => isOver);
  const status = await send(path, text, {signal: patience});
  const seconds = (performance.now() - started) / 1000;
  isOver = true;
  const longest = await waited;
  worst = Math.max(worst, longest);
  const told = status === 0 ? 'none' : String(status);
  console.log(
    `${longest.toFixed(0).padStart(10)}  ${told.padStart(6)}  ${seconds.toFixed(1).padStart(7)}  ${path} ${name}`,
  );
}
console.log(`the longest wait of all: ${worst.toFixed(0)} ms`);
agent.destroy();
