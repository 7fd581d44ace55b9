// Runs real clients against a running `mistral serve`: node run.mjs http://127.0.0.1:8080 [key]
import assert from 'node:assert/strict';
import {createMistral} from '@ai-sdk/mistral';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {HumanMessage, ToolMessage} from '@langchain/core/messages';
import {ChatOpenAI} from '@langchain/openai';
import {Mistral} from '@mistralai/mistralai';
import {generateText, stepCountIs, streamText, tool} from 'ai';
import OpenAI from 'openai';
import {z} from 'zod';

const [url = 'http://127.0.0.1:8080', apiKey = 'none'] = process.argv.slice(2);
const model = 'any';
const messages = [{role: 'user', content: 'What is the capital of France?'}];
const parameters = {type: 'object', properties: {city: {type: 'string'}}, required: ['city']};
const tools = [{type: 'function', function: {name: 'get_weather', description: 'Weather of a city', parameters}}];
const schema = {type: 'object', properties: {city: {type: 'string', maxLength: 20}}, required: ['city']};
const rain = [{role: 'user', content: 'What is the weather in Paris?'}];

const openai = new OpenAI({baseURL: `${url}/v1`, apiKey, maxRetries: 0});
const mistral = new Mistral({serverURL: url, apiKey});
const compatible = createOpenAICompatible({name: 'own', baseURL: `${url}/v1`, apiKey, includeUsage: true});
const aiMistral = createMistral({baseURL: `${url}/v1`, apiKey});
const langchain = new ChatOpenAI({model, apiKey, configuration: {baseURL: `${url}/v1`}, temperature: 0, maxTokens: 30});

const textOf = async (stream, piece) => {
  let text = '';
  for await (const chunk of stream) text += piece(chunk) ?? '';
  return text;
};
const firstCall = async (client) => {
  const {choices} = await client({model, messages: rain, tools, temperature: 0});
  return choices[0].message;
};

const CASES = {
  'openai models': async () => {
    const {data} = await openai.models.list();
    assert.equal((await openai.models.retrieve(data[0].id)).id, data[0].id);
  },
  'openai chat': async () => {
    const reply = await openai.chat.completions.create({model, messages, temperature: 0, max_tokens: 30});
    assert.ok(reply.choices[0].message.content.length > 0 && reply.usage.total_tokens > 0);
  },
  'openai stream with usage': async () => {
    const request = {
      model,
      messages,
      temperature: 0,
      max_tokens: 30,
      stream: true,
      stream_options: {include_usage: true},
    };
    let usage;
    const text = await textOf(await openai.chat.completions.create(request), (chunk) => {
      usage = chunk.usage ?? usage;
      return chunk.choices[0]?.delta.content;
    });
    const whole = await openai.chat.completions.create({model, messages, temperature: 0, max_tokens: 30});
    assert.equal(text, whole.choices[0].message.content);
    assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
  },
  'openai tools loop': async () => {
    const ask = (request) => openai.chat.completions.create({...request, tool_choice: 'required'});
    const message = await firstCall(ask);
    const [call] = message.tool_calls;
    assert.equal(call.function.name, 'get_weather');
    JSON.parse(call.function.arguments);
    const history = [...rain, message, {role: 'tool', tool_call_id: call.id, content: '{"temperature": 12}'}];
    const reply = await openai.chat.completions.create({
      model,
      messages: history,
      tools,
      temperature: 0,
      max_tokens: 30,
    });
    assert.ok(reply.choices[0].message);
  },
  'openai stream of a tool call': async () => {
    const request = {model, messages: rain, tools, tool_choice: 'required', temperature: 0};
    const stream = openai.chat.completions.stream(request);
    const {choices} = await stream.finalChatCompletion();
    assert.equal(choices[0].message.tool_calls[0].function.name, 'get_weather');
  },
  'openai json_schema': async () => {
    const response_format = {type: 'json_schema', json_schema: {name: 'city', schema, strict: true}};
    const reply = await openai.chat.completions.create({
      model,
      messages,
      response_format,
      temperature: 0,
      max_tokens: 60,
    });
    assert.equal(typeof JSON.parse(reply.choices[0].message.content).city, 'string');
  },
  'openai logprobs and n': async () => {
    const request = {model, messages, logprobs: true, top_logprobs: 3, n: 2, max_tokens: 4};
    const {choices} = await openai.chat.completions.create(request);
    assert.equal(choices.length, 2);
    assert.equal(choices[0].logprobs.content[0].top_logprobs.length, 3);
  },
  'openai completion with suffix': async () => {
    const reply = await openai.completions.create({
      model,
      prompt: 'def add(',
      suffix: '    return a + b',
      temperature: 0,
    });
    assert.equal(typeof reply.choices[0].text, 'string');
  },
  'openai abort': async () => {
    const controller = new AbortController();
    const stream = await openai.chat.completions.create({model, messages, stream: true}, {signal: controller.signal});
    for await (const _chunk of stream) controller.abort();
  },
  'openai errors': async () => {
    const wrong = openai.chat.completions.create({model, messages: [{role: 'zzz', content: 'x'}]});
    await assert.rejects(wrong, (error) => error.status === 400 && error.param === 'messages[0].role');
    await assert.rejects(openai.models.retrieve('nothing'), (error) => error.status === 404);
    await assert.rejects(openai.embeddings.create({model, input: []}), (error) => error.status === 400);
    const long = [{role: 'user', content: 'word '.repeat(20_000)}];
    const over = openai.chat.completions.create({model, messages: long});
    await assert.rejects(over, (error) => error.code === 'context_length_exceeded');
  },
  'openai embeddings': async () => {
    const {data} = await openai.embeddings.create({model, input: ['a', 'b']});
    assert.deepEqual(
      data.map(({index, embedding}) => [index, embedding.length > 1]),
      [
        [0, true],
        [1, true],
      ],
    );
  },
  'mistral models': async () => {
    const {data} = await mistral.models.list();
    assert.equal((await mistral.models.retrieve({modelId: data[0].id})).id, data[0].id);
  },
  'mistral chat': async () => {
    const reply = await mistral.chat.complete({model, messages, temperature: 0, randomSeed: 1, safePrompt: false});
    assert.ok(reply.choices[0].message.content.length > 0);
  },
  'mistral stream with usage': async () => {
    let usage;
    const text = await textOf(await mistral.chat.stream({model, messages, temperature: 0}), ({data}) => {
      usage = data.usage ?? usage;
      return data.choices[0].delta.content;
    });
    assert.ok(text.length > 0 && usage.completionTokens > 0);
  },
  'mistral tools loop': async () => {
    const ask = (request) => mistral.chat.complete({...request, toolChoice: 'any'});
    const message = await firstCall(ask);
    const [call] = message.toolCalls;
    assert.match(call.id, /^[a-zA-Z0-9]{9}$/);
    const result = {role: 'tool', name: 'get_weather', toolCallId: call.id, content: '{"temperature": 12}'};
    const history = [...rain, {...message, role: 'assistant'}, result];
    assert.ok((await mistral.chat.complete({model, messages: history, tools, maxTokens: 30})).choices[0].message);
  },
  'mistral stream of a tool call': async () => {
    const names = await textOf(
      await mistral.chat.stream({model, messages: rain, tools, toolChoice: 'any', temperature: 0}),
      ({data}) => data.choices[0].delta.toolCalls?.[0].function.name,
    );
    assert.equal(names, 'get_weather');
  },
  'mistral prefix': async () => {
    const history = [...messages, {role: 'assistant', content: 'The capital', prefix: true}];
    assert.ok((await mistral.chat.complete({model, messages: history, temperature: 0})).choices[0].message);
  },
  'mistral json_schema': async () => {
    const responseFormat = {type: 'json_schema', jsonSchema: {name: 'city', schemaDefinition: schema}};
    const reply = await mistral.chat.complete({model, messages, responseFormat, temperature: 0, maxTokens: 60});
    assert.equal(typeof JSON.parse(reply.choices[0].message.content).city, 'string');
  },
  'mistral fim': async () => {
    const request = {model, prompt: 'def add(', suffix: '    return a + b', maxTokens: 20};
    const reply = await mistral.fim.complete(request);
    assert.equal(typeof reply.choices[0].message.content, 'string');
    const text = await textOf(await mistral.fim.stream(request), ({data}) => data.choices[0].delta.content);
    assert.equal(text, reply.choices[0].message.content);
  },
  'mistral embeddings': async () => {
    const {data} = await mistral.embeddings.create({model, inputs: ['a', 'b']});
    assert.equal(data.length, 2);
  },
  'mistral error': async () => {
    const wrong = mistral.chat.complete({model, messages: [{role: 'user', content: 'word '.repeat(20_000)}]});
    await assert.rejects(wrong, (error) => error.statusCode === 400);
  },
  'ai sdk, openai-compatible': async () => {
    const {text, usage} = await generateText({model: compatible(model), messages, temperature: 0, maxOutputTokens: 30});
    assert.ok(text.length > 0 && usage.outputTokens > 0);
    const stream = streamText({model: compatible(model), messages, temperature: 0, maxOutputTokens: 30});
    assert.equal(await stream.text, text);
    assert.ok((await stream.usage).outputTokens > 0);
  },
  'ai sdk, mistral': async () => {
    const {text} = await generateText({model: aiMistral(model), messages, temperature: 0, maxOutputTokens: 30});
    const stream = streamText({model: aiMistral(model), messages, temperature: 0, maxOutputTokens: 30});
    assert.equal(await stream.text, text);
  },
  'ai sdk tools loop, openai-compatible': () => aiSdkLoop(compatible(model)),
  'ai sdk tools loop, mistral': () => aiSdkLoop(aiMistral(model)),
  'langchain chat and stream': async () => {
    const {content, usage_metadata} = await langchain.invoke([new HumanMessage(messages[0].content)]);
    assert.ok(content.length > 0 && usage_metadata.output_tokens > 0);
    const stream = await langchain.stream([new HumanMessage(messages[0].content)]);
    assert.equal(await textOf(stream, (chunk) => chunk.content), content);
  },
  'langchain tools loop': async () => {
    const question = new HumanMessage(rain[0].content);
    const called = await langchain.bindTools(tools, {tool_choice: 'required'}).invoke([question]);
    const [call] = called.tool_calls;
    assert.equal(call.name, 'get_weather');
    const result = new ToolMessage({content: '{"temperature": 12}', tool_call_id: call.id, name: call.name});
    const {content, tool_calls} = await langchain.bindTools(tools).invoke([question, called, result]);
    assert.ok(content.length > 0 && tool_calls.length === 0);
  },
  'langchain stream of a tool call': async () => {
    const stream = await langchain
      .bindTools(tools, {tool_choice: 'required'})
      .stream([new HumanMessage(rain[0].content)]);
    let whole;
    for await (const chunk of stream) whole = whole ? whole.concat(chunk) : chunk;
    assert.equal(whole.tool_calls[0].name, 'get_weather');
  },
};

/** Question, call, result and answer, by the library's own loop: whole, then streamed. */
async function aiSdkLoop(provider) {
  let ran = 0;
  const get_weather = tool({
    description: 'Weather of a city',
    inputSchema: z.object({city: z.string()}),
    execute: async () => {
      ran++;
      return {temperature: 12};
    },
  });
  const ask = {
    model: provider,
    messages: rain,
    tools: {get_weather},
    temperature: 0,
    maxOutputTokens: 60,
    stopWhen: stepCountIs(4),
    prepareStep: ({stepNumber}) => ({toolChoice: stepNumber === 0 ? 'required' : 'auto'}),
  };
  const {steps, text} = await generateText(ask);
  assert.ok(ran > 0 && steps.length > 1 && text.length > 0);
  const stream = streamText(ask);
  assert.equal(await stream.text, text);
  assert.equal((await stream.steps).length, steps.length);
}

let failed = 0;
for (const [name, run] of Object.entries(CASES)) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error?.message ?? error}`);
  }
}
console.log(`${Object.keys(CASES).length - failed} of ${Object.keys(CASES).length} passed`);
process.exitCode = failed === 0 ? 0 : 1;
