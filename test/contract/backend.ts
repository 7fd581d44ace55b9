// What every Backend must hold to, whoever computes. A backend's own test calls this with a way to open one.
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {parseJson} from '../../src/base/json.ts';
import type {Backend} from '../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest, Tool} from '../../src/engine/contract/requests.ts';
import {abortsContract, closingContract, refusalsContract} from './endings.ts';
import {callsOf, checkedEvents, never, reasoningOf, textOf} from './events.ts';

export {eventsOf} from './events.ts';

/** A backend under test. At temperature 0 its answer to `Hello` has at least eight tokens. */
export interface Subject {
  readonly open: () => Backend | Promise<Backend>;
  /**
   * `asked`: it calls the weather tool when it is asked for the weather in Paris, twice for `Paris and in Rome`.
   * `demanded`: it calls a tool where it must.
   */
  readonly calls: 'asked' | 'demanded' | 'never';
  /** Its answer to `Think` begins with reasoning. */
  readonly reasons: boolean;
  /** Log-probabilities are reported; where they are not, asking for them is refused. */
  readonly logprobs: boolean;
  /** A demanded form is enforced while sampling, as a script's answer cannot be. */
  readonly enforces: boolean;
  /** False: a script, which plays on whatever is wrong with the request, and knows no stop strings. Default true. */
  readonly judges?: boolean;
}

export const WEATHER: Tool = {
  name: 'get_current_weather',
  description: 'Get the current weather',
  parameters: parseJson(`{"type": "object", "properties": {
    "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
    "format": {"type": "string", "enum": ["celsius", "fahrenheit"],
      "description": "The temperature unit to use. Infer this from the users location."}},
    "required": ["location", "format"]}`),
};
export const SWITCH: Tool = {
  name: 'switch',
  description: 'Turn the light on or off',
  parameters: parseJson('{"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]}'),
};
const PARIS = "What's the weather like today in Paris?";
const PARIS_AND_ROME = "What's the weather like today in Paris and in Rome?";

export function ask(content: string, rest: Partial<ChatCompletionRequest> = {}): ChatCompletionRequest {
  return {messages: [{role: 'user', content}], ...rest, sampling: {temperature: 0, maxTokens: 5, ...rest.sampling}};
}

export function backendContract(subject: Subject): void {
  describe('the contract of a backend', () => {
    let backend: Backend;
    beforeEach(async () => {
      backend = await subject.open();
    });
    afterEach(() => backend.close());
    const chat = (request: ChatCompletionRequest) => checkedEvents(backend.chat(request, never()));

    answersContract(subject, () => backend, chat);
    toolsContract(subject, () => backend, chat);
    if (subject.judges !== false) describe('refusals', () => refusalsContract(() => backend));
    describe('aborts', () => abortsContract(() => backend));
    describe('closing', () => closingContract(() => backend));
  });
}

type Chat = (request: ChatCompletionRequest) => ReturnType<typeof checkedEvents>;

function answersContract({judges = true}: Subject, backend: () => Backend, chat: Chat): void {
  test('a chat ends at the most tokens asked for', async () => {
    const {events, finish} = await chat(ask('Hello'));
    expect(textOf(events)).not.toBe('');
    expect(finish).toMatchObject({reason: 'length', usage: {completionTokens: 5}});
  });

  test('no token at all may be asked for', async () => {
    const {events, finish} = await chat(ask('Hello', {sampling: {temperature: 0, maxTokens: 0}}));
    expect(textOf(events)).toBe('');
    expect(finish).toMatchObject({reason: 'length', usage: {completionTokens: 0}});
  });

  test('the same request gives the same answer at temperature 0', async () => {
    expect(textOf((await chat(ask('Hello'))).events)).toBe(textOf((await chat(ask('Hello'))).events));
  });

  test('a seed that was given is reported, and gives the same answer again', async () => {
    const request = ask('Hello', {sampling: {temperature: 1, seed: 4_294_967_295, maxTokens: 5}});
    const [first, second] = [await chat(request), await chat(request)];
    expect(first.finish.seed).toBe(4_294_967_295);
    expect(textOf(first.events)).toBe(textOf(second.events));
  });

  test.runIf(judges)('a stop string ends the answer before it, and is named where that is known', async () => {
    const whole = textOf((await chat(ask('Hello'))).events);
    const stop = [...whole].at(-1) ?? '';
    const {events, finish} = await chat(ask('Hello', {sampling: {temperature: 0, maxTokens: 5, stop: [stop]}}));
    expect(textOf(events)).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(finish.reason).toBe('stop');
    expect([undefined, stop]).toContain(finish.stop);
  });

  test('a text is continued, and so are ids', async () => {
    const sampling = {temperature: 0, maxTokens: 3};
    for (const prompt of ['Once upon a time', [1, 110, 111, 112]]) {
      const {finish} = await checkedEvents(backend().complete({prompt, sampling}, never()));
      expect(finish).toMatchObject({usage: {completionTokens: 3}});
    }
  });

  test('a gap is filled where the model can, and refused where it cannot', async () => {
    const request = {prompt: 'def add(', suffix: '    return sum', sampling: {temperature: 0, maxTokens: 3}};
    const filled = checkedEvents(backend().fim(request, never()));
    if (!backend().model.supportsFim) return expect(filled).rejects.toMatchObject({code: 'unsupported'});
    expect((await filled).finish.usage.completionTokens).toBeGreaterThan(0);
  });

  test('where the vocabulary is known, the prompt is told and is the one that is rendered', async () => {
    const {tokenizer, render} = backend();
    expect(render === undefined).toBe(tokenizer === undefined);
    const {events} = await chat(ask('Hello'));
    const [first] = events;
    if (!tokenizer) return expect(first).toEqual({type: 'prompt', tokens: [], cached: 0});
    const {tokens} = (await backend().render?.(ask('Hello'))) ?? {tokens: []};
    expect(first).toMatchObject({tokens});
    expect(tokens.length).toBeGreaterThan(2);
    expect(tokens.every((token) => token >= 0 && token < tokenizer.vocabSize)).toBe(true);
  });

  test('two answers at once are those that each one gets alone', async () => {
    const requests = [ask('Hello'), ask('Hello again')];
    const alone = [];
    for (const request of requests) alone.push(textOf((await chat(request)).events));
    const together = await Promise.all(requests.map(async (request) => textOf((await chat(request)).events)));
    expect(together).toEqual(alone);
  });
}

function toolsContract({calls, reasons, logprobs, enforces}: Subject, backend: () => Backend, chat: Chat): void {
  const room = {temperature: 0, maxTokens: 400};
  const places = (events: Parameters<typeof callsOf>[0]) =>
    callsOf(events).map(({arguments: args}) => JSON.parse(args).location);

  test('log-probabilities are those of the tokens of the text, or refused', async () => {
    const request = ask('Hello', {sampling: {temperature: 0, maxTokens: 5, topLogprobs: 2}});
    if (!logprobs) return expect(chat(request)).rejects.toMatchObject({code: 'unsupported'});
    const {events} = await chat(request);
    const reported = events.flatMap((event) => (event.type === 'text' ? (event.logprobs ?? []) : []));
    expect(reported.length).toBeGreaterThan(0);
    expect(reported.length).toBeLessThanOrEqual(5);
    for (const {logprob, top} of reported) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top.length).toBeLessThanOrEqual(2);
    }
    const {tokenizer} = backend();
    const bytes = reported.flatMap(({token}) => [...(tokenizer?.bytes(token) ?? [])]);
    // An answer ends at a whole character: the bytes of one that was cut are in no text.
    const whole = new TextDecoder().decode(Uint8Array.from(bytes), {stream: true});
    expect(whole.trimStart()).toBe(textOf(events).trimStart());
  });

  test('no log-probabilities come that were not asked for', async () => {
    const {events} = await chat(ask('Hello'));
    expect(events.flatMap((event) => (event.type === 'text' && event.logprobs ? [event.logprobs] : []))).toEqual([]);
  });

  test.runIf(reasons)('reasoning comes apart from the text', async () => {
    const {events, finish} = await chat(ask('Think', {sampling: room}));
    expect(reasoningOf(events)).toBe('Let me see.');
    expect(textOf(events)).toBe('It is 4.');
    expect(finish.reason).toBe('stop');
  });

  test.runIf(calls === 'asked')('a call is parsed, has an id, and is the reason of the end', async () => {
    const {events, finish} = await chat(ask(PARIS, {tools: [WEATHER], sampling: room}));
    expect(callsOf(events)).toHaveLength(1);
    const [call] = callsOf(events);
    expect(call).toMatchObject({id: expect.stringMatching(/^[A-Za-z0-9]{9}$/), name: 'get_current_weather'});
    expect(Object.keys(JSON.parse(call?.arguments ?? ''))).toEqual(['location', 'format']);
    expect(places(events)).toEqual([expect.stringMatching(/^Paris/)]);
    expect(finish.reason).toBe('tool_calls');
  });

  test.runIf(calls === 'asked')('several calls come in their order, each with an id of its own', async () => {
    const {events, finish} = await chat(ask(PARIS_AND_ROME, {tools: [WEATHER], sampling: room}));
    expect(places(events)).toEqual([expect.stringMatching(/^Paris/), expect.stringMatching(/^Rome/)]);
    expect(new Set(callsOf(events).map(({id}) => id)).size).toBe(2);
    expect(finish.reason).toBe('tool_calls');
  });

  test.runIf(calls === 'asked')('a call that is cut is no call', async () => {
    const {events, finish} = await chat(ask(PARIS, {tools: [WEATHER], sampling: {temperature: 0, maxTokens: 6}}));
    expect(callsOf(events)).toEqual([]);
    expect(finish.reason).toBe('length');
  });

  test.runIf(calls !== 'never').each([{name: 'switch'}, 'any'] as const)(
    'a call that is demanded comes: %j',
    async (toolChoice) => {
      const sampling = {temperature: 1, seed: 1, maxTokens: 400};
      const {events, finish} = await chat(ask('Is it on?', {tools: [SWITCH], toolChoice, sampling}));
      expect(callsOf(events).map(({name}) => name)).toEqual(callsOf(events).map(() => 'switch'));
      expect(Object.keys(JSON.parse(callsOf(events)[0]?.arguments ?? ''))).toEqual(['on']);
      expect(finish.reason).toBe('tool_calls');
    },
  );

  test.runIf(calls === 'asked' && enforces)('calls that are forbidden do not come', async () => {
    const {events} = await chat(ask(PARIS, {tools: [WEATHER], toolChoice: 'none', sampling: room}));
    expect(callsOf(events)).toEqual([]);
  });

  test.runIf(enforces)('an answer has the form that is demanded', async () => {
    const schema = parseJson('{"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]}');
    const responseFormat = {type: 'json_schema', schema} as const;
    const {events} = await chat(
      ask('Is it on?', {responseFormat, sampling: {temperature: 1, seed: 1, maxTokens: 400}}),
    );
    expect(Object.keys(JSON.parse(textOf(events)))).toEqual(['on']);
  });

  test('the result of a call is taken', async () => {
    const {events, finish} = await chat({
      messages: [
        {role: 'user', content: 'Is it on?'},
        {role: 'assistant', toolCalls: [{id: 'abcDEF123', name: 'switch', arguments: '{"on": true}'}]},
        {role: 'tool', content: '{"ok": true}', toolCallId: 'abcDEF123', name: 'switch'},
      ],
      tools: [SWITCH],
      sampling: {temperature: 0, maxTokens: 5},
    });
    expect(events.length).toBeGreaterThan(1);
    expect(finish.usage.completionTokens).toBeGreaterThan(0);
  });
}
