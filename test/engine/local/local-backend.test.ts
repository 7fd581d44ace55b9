import {describe, expect, test} from 'vitest';
import type {ChatCompletionRequest, TemplateVersion} from '../../../src/engine/contract/requests.ts';
import {LocalBackend} from '../../../src/engine/local/local-backend.ts';
import {parseModelSettings} from '../../../src/engine/template/read-model-settings.ts';
import {stated} from '../../../src/engine/template/version/detect.ts';
import {backendContract, eventsOf} from '../../contract/backend.ts';
import {type Script, ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {toyAnswers} from '../../fakes/toy-answers.ts';
import {toyBackend} from '../../fakes/toy-backend.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';

const tokenizer = toyTokenizer();
const id = (name: string) => tokenizer.controlId(name) ?? -1;
const never = new AbortController().signal;

function localBackend(script: Script, version: TemplateVersion = 'v3'): [LocalBackend, ScriptedTokenModel] {
  const tokenModel = new ScriptedTokenModel(script);
  const backend = new LocalBackend({
    tokenModel,
    tokenizer,
    template: stated(version, 'as asked for'),
    id: 'toy',
    path: undefined,
    trainedContextSize: 2048,
    device: 'script',
    now: () => 0,
  });
  return [backend, tokenModel];
}

const says = (text: string): Script => ({answer: () => [...tokenizer.encode(text), tokenizer.eos]});
const ask = (content: string, rest: Partial<ChatCompletionRequest> = {}): ChatCompletionRequest => ({
  messages: [{role: 'user', content}],
  sampling: {temperature: 0},
  ...rest,
});

describe('LocalBackend', () => {
  describe.each(['v3', 'v13'] as const)('with the template %s', (version) => {
    backendContract({
      open: () => localBackend({answer: toyAnswers(version)}, version)[0],
      calls: 'asked',
      reasons: version === 'v13',
      logprobs: true,
      enforces: false,
    });
  });

  test('renders settings that were chosen for all its requests', async () => {
    const modelSettings = parseModelSettings('m.gguf', '{"a": {"type": "enum", "values": ["x", "y"], "default": "x"}}');
    const [{model}] = localBackend(says(''), 'v15');
    const parts = {
      tokenModel: new ScriptedTokenModel(says('')),
      tokenizer,
      template: stated('v15', 'as asked for'),
      modelSettings,
    } as const;
    const backend = new LocalBackend({
      ...{...parts, chosenSettings: new Map([['a', 'y']]), id: 'toy', path: undefined},
      ...{trainedContextSize: model.trainedContextSize, device: 'script'},
    });
    const settings = [37, ...tokenizer.encode('{"a": "y"}'), 38];
    expect((await backend.render(ask('q'))).tokens).toEqual([1, ...settings, 3, ...tokenizer.encode('q'), 4]);
  });

  test('a budget of no thought is the effort none, where there is one and no other was named', async () => {
    const block = async (settings: string, rest: Partial<ChatCompletionRequest> = {}) => {
      const {tokens} = await toyBackend(says(''), {settings}).backend.render(
        ask('q', {sampling: {temperature: 0, thinkingBudget: 0}, ...rest}),
      );
      return String.fromCharCode(...tokens.slice(tokens.indexOf(37) + 1, tokens.indexOf(38)).map((one) => one - 100));
    };
    const file = '{"reasoning_effort": {"values": ["none", "high"], "default": "high"}}';
    expect(await block(file)).toBe('{"reasoning_effort": "none"}');
    expect(await block(file, {reasoningEffort: 'high'})).toBe('{"reasoning_effort": "high"}');
    expect(await block(file, {modelSettings: new Map([['reasoning_effort', 'high']])})).toBe(
      '{"reasoning_effort": "high"}',
    );
    expect(await block(file, {sampling: {temperature: 0}})).toBe('{"reasoning_effort": "high"}');
    const loud = '{"reasoning_effort": {"values": ["low", "high"], "default": "high"}}';
    expect(await block(loud)).toBe('{"reasoning_effort": "high"}');
  });

  test('says what it is', () => {
    expect(localBackend(says(''))[0].model).toEqual({
      id: 'toy',
      path: undefined,
      contextSize: 1000,
      trainedContextSize: 2048,
      template: 'v3',
      templateReason: 'as asked for',
      templateConfidence: 'sure',
      supportsFim: true,
      supportsTools: true,
      efforts: {levels: []},
      device: 'script',
    });
    const {backend} = toyBackend(says(''), {settings: '{"reasoning_effort": {"values": ["a", "b"], "default": "b"}}'});
    expect(backend.model.efforts).toEqual({levels: ['a', 'b'], default: 'b'});
    expect(localBackend(says(''), 'v1')[0].model).toMatchObject({supportsFim: false, supportsTools: false});
  });

  test('sends the ids of the template and shows them', async () => {
    const [backend, model] = localBackend(says('Hi'));
    const [first] = await eventsOf(backend.chat(ask('Yo'), never));
    const ids = [1, id('[INST]'), ...tokenizer.encode('Yo'), id('[/INST]')];
    expect(first).toEqual({type: 'prompt', tokens: ids, cached: 0});
    expect(model.calls[0]?.prompt).toEqual(ids);
    expect(await backend.render(ask('Yo'))).toEqual({tokens: ids, media: [], version: 'v3'});
  });

  test('the second turn finds all of the first one in the cache', async () => {
    const [backend] = localBackend(says('Hi'));
    await eventsOf(backend.chat(ask('Yo'), never));
    const messages = [
      {role: 'user', content: 'Yo'},
      {role: 'assistant', content: 'Hi'},
      {role: 'user', content: 'More'},
    ] as const;
    const events = await eventsOf(backend.chat({messages, sampling: {temperature: 0}}, never));
    // What was evaluated: </s> [INST] More [/INST].
    expect(events.at(-1)).toMatchObject({usage: {promptTokens: 14, cachedTokens: 7}});
  });

  test('a tool call comes out parsed and is the reason of the end', async () => {
    const call = '[{"name": "time", "arguments": {"zone": "CET"}, "id": "abcdefghi"}]';
    const answer = [id('[TOOL_CALLS]'), ...tokenizer.encode(call), tokenizer.eos];
    const [backend] = localBackend({answer: () => answer});
    const events = await eventsOf(backend.chat(ask('When?'), never));
    expect(events.filter(({type}) => type === 'tool_call')).toEqual([
      {type: 'tool_call', call: {id: 'abcdefghi', name: 'time', arguments: '{"zone": "CET"}'}},
    ]);
    expect(events.at(-1)).toMatchObject({reason: 'tool_calls'});
  });

  test('calls without an id get the same one again where the answer is the same again, and only there', async () => {
    const tools = [{name: 'time', description: '', parameters: new Map()}];
    const answer = [id('[TOOL_CALLS]'), ...tokenizer.encode('[{"name": "time", "arguments": {}}]'), tokenizer.eos];
    const [backend] = localBackend({answer: () => answer});
    const idOf = async (sampling: ChatCompletionRequest['sampling'], content = 'What time?') => {
      const events = await eventsOf(backend.chat(ask(content, {tools, sampling}), never));
      return events.flatMap((event) => (event.type === 'tool_call' ? [event.call.id] : []))[0];
    };
    expect(await idOf({temperature: 0})).toBe(await idOf({temperature: 0, seed: 3}));
    expect(await idOf({temperature: 1, seed: 3})).toBe(await idOf({temperature: 1, seed: 3}));
    const ids = [await idOf({temperature: 0}), await idOf({temperature: 1, seed: 3}), await idOf({temperature: 1})];
    ids.push(await idOf({temperature: 1}), await idOf({temperature: 0}, 'What time now?'));
    expect(new Set(ids).size).toBe(5);
  });

  test('tools bring a grammar behind the call token; a choice of none forbids that token instead', async () => {
    const tools = [{name: 'time', description: '', parameters: new Map()}];
    const [backend, model] = localBackend(says('x'));
    await eventsOf(backend.chat(ask('When?', {tools}), never));
    await eventsOf(backend.chat(ask('When?', {tools, toolChoice: 'any'}), never));
    await eventsOf(backend.chat(ask('When?', {tools, toolChoice: 'none'}), never));
    const [auto, any, none] = model.calls.map(({options}) => options);
    expect(auto?.grammar?.after).toBe(id('[TOOL_CALLS]'));
    expect(any?.grammar?.gbnf).toContain(`<[${id('[TOOL_CALLS]')}]>`);
    expect(any?.grammar?.after).toBeUndefined();
    expect(none?.grammar).toBeUndefined();
    expect(none?.sampling.logitBias).toEqual(new Map([[id('[TOOL_CALLS]'), -100]]));
  });

  test('stop strings do not look into the arguments of a call', async () => {
    const call = '[{"name": "say", "arguments": {"text": "END"}, "id": "abcdefghi"}]';
    const answer = [id('[TOOL_CALLS]'), ...tokenizer.encode(call), tokenizer.eos];
    const [backend] = localBackend({answer: () => answer});
    const events = await eventsOf(backend.chat(ask('x', {sampling: {temperature: 0, stop: ['END']}}), never));
    expect(events.at(-1)).toMatchObject({reason: 'tool_calls'});
  });

  test('completion continues BOS and the text, or the ids as given', async () => {
    const [backend, model] = localBackend(says('!'));
    await eventsOf(backend.complete({prompt: 'ab', sampling: {temperature: 0}}, never));
    await eventsOf(backend.complete({prompt: [7, 8], sampling: {temperature: 0}}, never));
    expect(model.calls.map(({prompt}) => prompt)).toEqual([
      [1, ...tokenizer.encode('ab')],
      [7, 8],
    ]);
  });

  test('fill-in-the-middle ends where the model begins to repeat the suffix', async () => {
    const [backend, model] = localBackend(says('a, b):\n    s = a + b\n    return s\nrest'));
    const events = await eventsOf(
      backend.fim({prompt: 'def add(', suffix: '    return s\n', sampling: {temperature: 0}}, never),
    );
    expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe('a, b):\n    s = a + b\n');
    expect(events.at(-1)).toMatchObject({reason: 'stop', stop: '    return s'});
    expect(model.calls[0]?.prompt.slice(0, 2)).toEqual([1, id('[SUFFIX]')]);
  });

  test('a bias on a token that does not exist is refused', async () => {
    const [backend] = localBackend(says(''));
    const sampling = {temperature: 0, logitBias: new Map([[356, 1]])};
    await expect(eventsOf(backend.chat(ask('x', {sampling}), never))).rejects.toMatchObject({param: 'logitBias'});
  });

  test('megabytes are refused by the fewest tokens they can have, unencoded', async () => {
    const encoded: number[] = [];
    const watched = Object.assign(Object.create(tokenizer) as typeof tokenizer, {
      encode: (text: string) => {
        encoded.push(text.length);
        return tokenizer.encode(text);
      },
    });
    const [, tokenModel] = localBackend(says(''));
    const backend = new LocalBackend({
      tokenModel,
      tokenizer: watched,
      template: stated('v3', ''),
      id: 'toy',
      path: undefined,
      trainedContextSize: undefined,
      device: '',
    });
    const long = 'word '.repeat(100_000);
    const refusal = {
      code: 'context_length_exceeded',
      message: expect.stringMatching(/^the prompt has at least \d{5,} /),
    };
    const sampling = {temperature: 0};
    await expect(eventsOf(backend.chat(ask(long), never))).rejects.toMatchObject(refusal);
    await expect(eventsOf(backend.complete({prompt: long, sampling}, never))).rejects.toMatchObject(refusal);
    await expect(eventsOf(backend.fim({prompt: 'a', suffix: long, sampling}, never))).rejects.toMatchObject(refusal);
    expect(encoded.filter((length) => length > 1000)).toEqual([]);
  });

  test('a prompt longer than the context is refused with the figures and what to do', async () => {
    const [backend] = localBackend({...says('x'), contextSize: 10});
    await expect(eventsOf(backend.chat(ask('a long question'), never))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      message: 'the prompt has 18 tokens and the context holds 10',
      hint: expect.stringContaining('--ctx'),
    });
  });
});

describe('a form', () => {
  const [backend, model] = localBackend(says('yes'));
  const grammarOf = async (events: AsyncIterable<unknown>) => {
    for await (const _ of events);
    return model.calls.at(-1)?.options.grammar?.gbnf;
  };
  const responseFormat = {type: 'grammar', gbnf: 'root ::= "yes" | no\nno ::= "no"'} as const;

  test('of a plain text holds from its first character on', async () => {
    const sampling = {temperature: 0};
    const rules = ['root ::= given-root', 'given-root ::= "yes" | given-no', 'given-no ::= "no"'];
    for (const events of [
      backend.complete({prompt: 'a', responseFormat, sampling}, never),
      backend.fim({prompt: 'a', suffix: 'b', responseFormat, sampling}, never),
    ]) {
      const gbnf = await grammarOf(events);
      for (const rule of rules) expect(gbnf?.split('\n')).toContain(rule);
    }
  });

  test('of an answer stands beside the calls a model may prefer', async () => {
    const gbnf = await grammarOf(backend.chat(ask('x', {responseFormat}), never));
    expect(gbnf).toMatch(/^root ::= given-root\n/);
    const tools = [{name: 'f', description: '', parameters: new Map()}];
    const both = await grammarOf(backend.chat(ask('x', {responseFormat, tools}), never));
    expect(both).toMatch(/^root ::= .*given-root \| <\[9\]> /);
  });
});
