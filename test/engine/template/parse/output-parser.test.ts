import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseJson} from '../../../../src/base/json.ts';
import type {FinishReason} from '../../../../src/engine/contract/backend.ts';
import type {AssistantMessage, TemplateVersion, Token, Tool} from '../../../../src/engine/contract/requests.ts';
import {encodeChat} from '../../../../src/engine/template/encode/encode-chat.ts';
import {
  type OutputEvent,
  type OutputOptions,
  OutputParser,
} from '../../../../src/engine/template/parse/output-parser.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

interface GoldenCase {
  readonly format: 'json' | 'args';
  readonly name: string;
  readonly output: string;
  readonly expect: {
    readonly content: string;
    readonly reasoning?: string;
    readonly calls: readonly {readonly name: string; readonly arguments: string; readonly id?: string}[];
    readonly trailing?: string;
    readonly truncated?: boolean;
    readonly finish?: 'length' | 'stop';
    readonly invalid?: boolean;
    readonly lenient?: boolean;
  };
}

const {cases} = JSON.parse(readFileSync(new URL('../../../goldens/tool-calls.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly GoldenCase[];
};
const tokenizer = toyTokenizer();
const MARKERS: Readonly<Record<string, string>> = {
  '<T>': '[TOOL_CALLS]',
  '<A>': '[ARGS]',
  '<C>': '[CALL_ID]',
  '<K>': '[THINK]',
  '</K>': '[/THINK]',
};

/** Ids of an output in which the markers of the legend stand for control tokens. */
function tokensOf(output: string): Token[] {
  return output.split(/(<[TACK]>|<\/K>)/).flatMap((part) => {
    const id = tokenizer.controlId(MARKERS[part] ?? '');
    return id === undefined ? tokenizer.encode(part) : [id];
  });
}

function joined(events: readonly OutputEvent[], type: 'text' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('');
}

interface Run {
  readonly version?: TemplateVersion;
  readonly reason?: FinishReason;
  readonly options?: OutputOptions;
}

/** Everything one output becomes; `steps` keeps what each token gave. */
function parse(tokens: readonly Token[], {version = 'v13', reason = 'stop', options = {}}: Run = {}) {
  const parser = new OutputParser(tokenizer, version, {newCallId: counter(), ...options});
  const steps = tokens.map((token) => parser.push(token));
  const end = parser.end(reason);
  const events = [...steps.flat(), ...end.events];
  const calls = events.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));
  return {text: joined(events, 'text'), reasoning: joined(events, 'reasoning'), calls, end, steps};
}

describe('outputs with and without tool calls', () => {
  for (const golden of cases) {
    it(`${golden.format}: ${golden.name}`, () => {
      const {content, reasoning = '', truncated = false, invalid = false, lenient = false, finish} = golden.expect;
      const version = golden.format === 'json' ? 'v3' : 'v13';
      const {text, calls, end, ...rest} = parse(tokensOf(golden.output), {version, reason: finish ?? 'stop'});
      expect({text, reasoning: rest.reasoning}).toEqual({text: content, reasoning});
      expect(calls).toEqual(golden.expect.calls.map((call, index) => ({id: `fresh000${index}`, ...call})));
      expect(end.trailing).toBe(golden.expect.trailing ?? '');
      expect(end.incomplete !== undefined).toBe(truncated);
      expect({invalid: end.invalid, lenient: end.lenient}).toEqual({invalid, lenient});
      expect(end.reason).toBe(finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'));
    });
  }
});

interface AnswerCase {
  readonly format: 'json' | 'args' | 'plain-think';
  readonly name: string;
  readonly output: string;
  readonly starts?: 'thinking';
  readonly finish?: FinishReason;
  readonly tools?: readonly {readonly name: string; readonly parameters: unknown}[];
  readonly expect: GoldenCase['expect'] & {readonly raw?: boolean};
}

/** The versions that a case holds for. */
function versionsOf({format, output, name}: AnswerCase): readonly TemplateVersion[] {
  if (format === 'json') return ['v3', 'v7'];
  if (format === 'plain-think') return name.startsWith('v13') ? ['v13', 'v15'] : ['v11'];
  return output.includes('K>') ? ['v13', 'v15'] : ['v11', 'v13', 'v15'];
}

const offeredTools = (tools: AnswerCase['tools'] = []): readonly Tool[] =>
  tools.map(({name, parameters}) => ({name, description: '', parameters: parseJson(JSON.stringify(parameters))}));

describe('answers that are not written as the template teaches, and others', () => {
  const text = readFileSync(new URL('../../../goldens/answers.json', import.meta.url), 'utf8');
  for (const golden of (JSON.parse(text) as {readonly cases: readonly AnswerCase[]}).cases) {
    it.each(versionsOf(golden))(`${golden.format}: ${golden.name} (%s)`, (version) => {
      const {content, reasoning = '', truncated = false, invalid = false, lenient = false, raw = false} = golden.expect;
      const prompt = golden.starts === 'thinking' ? [4, ...tokensOf('<K>')] : [4];
      const options = {prompt, tools: offeredTools(golden.tools)};
      const run = parse(tokensOf(golden.output), {version, reason: golden.finish ?? 'stop', options});
      const {end} = run;
      expect(end.whole ?? {content: run.text, reasoning: run.reasoning}).toEqual({content, reasoning});
      expect(run.calls.map(({name, arguments: args}) => ({name, arguments: args}))).toEqual(golden.expect.calls);
      expect(run.calls.some(({problem}) => problem !== undefined)).toBe(raw);
      expect({trailing: end.trailing, truncated: end.incomplete !== undefined, invalid: end.invalid}).toEqual({
        trailing: golden.expect.trailing ?? '',
        truncated,
        invalid,
      });
      expect(end.lenient).toBe(lenient);
    });
  }
});

describe('words and calls', () => {
  const CALL = '[{"name": "f", "arguments": {"a": 1}}]';
  const run = (output: string, reason: FinishReason = 'stop') => parse(tokensOf(output), {version: 'v3', reason});

  it.each([
    `<T>Sure: ${CALL}`,
    `<T>{"tool_calls": ${CALL}}`,
    `<T>{oops ${CALL}`,
    `<T>[[${CALL}`,
    `<T>[{"title": 1}] then ${CALL}`,
    `<T>"quoted [" ${CALL}`,
    `<T>well ${CALL} and [{"name": "g", "arguments": {}}]`,
  ])('the first list of calls is found: %s', (output) => {
    const {calls, text, end} = run(output);
    expect(calls).toEqual([{id: 'fresh0000', name: 'f', arguments: '{"a": 1}'}]);
    expect({text, lenient: end.lenient, reason: end.reason}).toEqual({text: '', lenient: true, reason: 'tool_calls'});
    expect(`<T>${end.dropped}`.replace(/\s/g, '')).toBe(output.replace(CALL, '').replace(/\s/g, ''));
  });

  it('words that were cut are text; a list that was cut is not', () => {
    expect(run('<T> no calls he', 'length')).toMatchObject({text: 'no calls he', end: {incomplete: undefined}});
    expect(run('<T> well [{"name": "f", "arg', 'length')).toMatchObject({
      text: '',
      calls: [],
      end: {incomplete: ' well [{"name": "f", "arg'},
    });
  });

  it('are read in time that grows with their length', () => {
    const started = performance.now();
    run(`<T>x${'[{"a'.repeat(50_000)}`);
    run(`<T>x${'[ '.repeat(100_000)}`);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('the input of a call', () => {
  const first = (object: string) => parse(tokensOf(`<T>[${object}]`), {version: 'v3'}).calls[0];

  it('may be called parameters', () => {
    expect(first('{"name": "f", "parameters": {"a": 1}}')?.arguments).toBe('{"a": 1}');
    expect(first('{"type": "function", "name": "f", "parameters": "{\\"a\\": 1}"}')?.arguments).toBe('{"a": 1}');
    expect(first('{"name": "f", "parameters": {"b": 2}, "arguments": {"a": 1}}')?.arguments).toBe('{"a": 1}');
    const bare = parse(tokensOf('[{"parameters": {"a": 1}, "name": "f"}]'), {
      version: 'v3',
      options: {tools: offeredTools([{name: 'f', parameters: {}}])},
    });
    expect(bare.calls[0]?.arguments).toBe('{"a": 1}');
  });

  it.each(['input', 'args', 'kwargs', 'argument'])('is not lost in silence under another name: %s', (member) => {
    const object = `{"name": "f", "${member}": {"a": 1}}`;
    expect(first(object)).toMatchObject({arguments: object, problem: expect.stringContaining(`"${member}"`)});
  });

  it('that a tool needs and the model left out is a problem of the call, not an empty object', () => {
    const tools = offeredTools([{name: 'f', parameters: {type: 'object', required: ['a']}}]);
    for (const output of ['<T>f', '<T> f ', '<T>f<C>123456789', '<T>f<A>', '<T>f<A>  ']) {
      const {calls} = parse(tokensOf(output), {version: 'v11', options: {prompt: [4], tools}});
      expect(calls, output).toMatchObject([{name: 'f', arguments: '', problem: expect.stringContaining('needs some')}]);
    }
  });

  it('may be left out by several calls in a row', () => {
    const tools = offeredTools([{name: 'f', parameters: {required: []}}]);
    const {calls} = parse(tokensOf('<T>f<T>f<A>{"a": 1}'), {options: {tools}});
    expect(calls.map((call) => call.arguments)).toEqual(['{}', '{"a": 1}']);
  });
});

describe('a thought written as text', () => {
  const run = (output: string, options: OutputOptions = {}) => parse(tokensOf(output), {version: 'v11', options});

  it.each([
    ['<think></think>a', '', 'a'],
    ['<think>\n\n</think>a', '', 'a'],
    ['<think>\n\nt\n\n</think>\n\n\na\n', '\nt\n', 'a\n'],
    ['<think>a < b </thin </think>c', 'a < b </thin ', 'c'],
    ['<think>t\n</thin', 't\n</thin', ''],
    ['<think>\n', '', ''],
    ['<thinking>t', '', '<thinking>t'],
    [' \n ', '', ' \n '],
    ['<thi', '', '<thi'],
    ['<think>t<T>f<A>{}</think>a', 't[TOOL_CALLS]f[ARGS]{}', 'a'],
  ])('is told from the answer: %j', (output, reasoning, text) => {
    expect(run(output)).toMatchObject({reasoning, text});
  });

  it('cannot begin where a text is continued', () => {
    const prompt = [4, ...tokenizer.encode('So ')];
    expect(run('<think>t</think>', {prompt})).toMatchObject({reasoning: '', text: '<think>t</think>'});
  });

  it('is told as it comes', () => {
    const texts = run('<think>ab</think>c').steps.flat();
    expect(texts).toEqual([
      {type: 'reasoning', text: 'a'},
      {type: 'reasoning', text: 'b'},
      {type: 'text', text: 'c'},
    ]);
  });
});

describe('the end of a thought that never began', () => {
  it('makes all before it reasoning, in the whole answer', () => {
    const run = parse(tokensOf('a b</K>c<T>f<A>{}'));
    expect(run.text).toBe('a bc');
    expect(run.end.whole).toEqual({reasoning: 'a b', content: 'c'});
    expect(run.calls).toHaveLength(1);
  });

  it.each(['</K>a', '<K>t</K>a</K>b', 'a<T>f<A>{}</K>b', 'a'])('is none in %s', (output) => {
    expect(parse(tokensOf(output)).end.whole).toBeUndefined();
  });

  it('counts once', () => {
    expect(parse(tokensOf('a</K>b</K>c')).end.whole).toEqual({reasoning: 'a', content: 'bc'});
  });
});

describe('calls that are damaged', () => {
  it('keep arguments that are no JSON, with the reason', () => {
    expect(parse(tokensOf('<T>f<A>{"a": }<T>g<A>[1]')).calls).toEqual([
      {id: 'fresh0000', name: 'f', arguments: '{"a": }', problem: 'The arguments are not valid JSON.'},
      {id: 'fresh0001', name: 'g', arguments: '[1]', problem: 'The arguments are not a JSON object.'},
    ]);
    expect(parse(tokensOf('<T>[{"name": "f", "arguments": "x"}]'), {version: 'v3'}).calls).toEqual([
      {id: 'fresh0000', name: 'f', arguments: 'x', problem: 'The arguments are not valid JSON.'},
    ]);
  });

  const texts: readonly (readonly [output: string, text: string])[] = [
    ['<T>[]', '[]'],
    ['<T>[{"title": "x"}]', '[{"title": "x"}]'],
    ['<T>[{"name": "not a name"}]', '[{"name": "not a name"}]'],
    ["<T>[{'name': 'f'}]", "[{'name': 'f'}]"],
    ['<T>[{"name": "f", "arguments": {"a": ', '[{"name": "f", "arguments": {"a": '],
    ['<T>not a name<A>{}', 'not a name{}'],
    ['<T><A>{}', '{}'],
    ['<T>f', 'f'],
    ['<T>{}', '{}'],
  ];
  for (const [output, text] of texts) {
    it(`come out as text where nothing can be called: ${output}`, () => {
      const run = parse(tokensOf(output), {version: output.includes('<A>') ? 'v13' : 'v3'});
      expect({text: run.text, calls: run.calls, invalid: run.end.invalid}).toEqual({text, calls: [], invalid: true});
    });
  }

  it('deliver the complete ones of a cut output', () => {
    const array = parse(tokensOf('<T>[{"name": "f", "arguments": {}}, {"name": "g", "argum'), {
      version: 'v7',
      reason: 'length',
    });
    expect(array.calls).toEqual([{id: 'fresh0000', name: 'f', arguments: '{}'}]);
    expect(array.end).toMatchObject({reason: 'length', incomplete: ', {"name": "g", "argum', invalid: false});
    const args = parse(tokensOf('<T>f<A>{}<T>g<A>{"a": 1'), {reason: 'context'});
    expect(args.calls).toEqual([{id: 'fresh0000', name: 'f', arguments: '{}'}]);
    expect(args.end).toMatchObject({reason: 'context', incomplete: 'g{"a": 1'});
  });

  it('get fresh ids where ids repeat or have another form', () => {
    const call = (id: string) => `{"name": "f", "arguments": {}, "id": "${id}"}`;
    const {calls} = parse(tokensOf(`<T>[${call('123456789')}, ${call('123456789')}, ${call('call_1')}]`), {
      version: 'v3',
    });
    expect(calls.map((one) => one.id)).toEqual(['123456789', 'fresh0000', 'fresh0001']);
    expect(parse(tokensOf('<T>f<C>short<A>{}')).calls[0]?.id).toBe('fresh0000');
  });

  it('are delivered as soon as they are complete', () => {
    const tokens = tokensOf('<T>f<A>{}<T>g');
    const {steps} = parse(tokens, {reason: 'length'});
    expect(steps.findIndex((events) => events.length > 0)).toBe(tokens.indexOf(tokenizer.encode('}')[0] ?? 0));
  });
});

describe('an array of calls without its token', () => {
  const tools: readonly Tool[] = [{name: 'f', description: '', parameters: {source: '0'}}];
  const run = (output: string, offered = tools) => parse(tokensOf(output), {version: 'v3', options: {tools: offered}});

  it('is understood when every name was offered', () => {
    const {text, calls, end} = run(' [{"name": "f", "arguments": {"a": 1}}, {"name": "f"}] done');
    expect(text).toBe('');
    expect(calls.map((call) => call.arguments)).toEqual(['{"a": 1}', '{}']);
    expect(end).toMatchObject({reason: 'tool_calls', lenient: true, trailing: 'done'});
  });

  const answers = [
    '[{"name": "g", "arguments": {}}]',
    '[1, 2]',
    '[{"title": "x"}]',
    '[link](url)',
    ' text',
    '[{"name": "f"}',
    '[]',
  ];
  for (const answer of answers) {
    it(`is an answer otherwise: ${answer}`, () => {
      expect(run(answer)).toMatchObject({text: answer, calls: []});
    });
  }

  it('is an answer when no tools were offered', () => {
    expect(run('[{"name": "f", "arguments": {}}]', [])).toMatchObject({
      text: '[{"name": "f", "arguments": {}}]',
      calls: [],
    });
  });

  it('holds back no more than it must', () => {
    const texts = run('[{"title": 1').steps.map((events) => joined(events, 'text'));
    expect(texts.findIndex((text) => text !== '')).toBe('[{"title"'.length - 1);
  });
});

describe('texts', () => {
  it('hold back an unfinished character only, and end at a whole one', () => {
    const {steps, end} = parse([...tokenizer.encode('aé😀').slice(0, -1)]);
    expect(steps.map((events) => joined(events, 'text')).filter((text) => text !== '')).toEqual(['a', 'é']);
    expect(joined(end.events, 'text')).toBe('');
  });

  it('go on with a thought the prompt left open', () => {
    const prompt = [1, 3, ...tokenizer.encode('q'), 4, ...tokensOf('<K>so')];
    expect(parse(tokensOf(' far</K>yes'), {options: {prompt}})).toMatchObject({reasoning: ' far', text: 'yes'});
    const closed = [...prompt, ...tokensOf('</K>')];
    expect(parse(tokensOf(' far'), {options: {prompt: closed}})).toMatchObject({reasoning: '', text: ' far'});
  });

  it('are never calls in v1', () => {
    expect(parse(tokensOf('a<T>[{"name": "f"}]'), {version: 'v1'})).toMatchObject({
      text: 'a[{"name": "f"}]',
      calls: [],
    });
  });

  it('leave out control tokens and the end of the sequence', () => {
    expect(parse([...tokensOf('a'), 3, 17, ...tokensOf('b'), tokenizer.eos])).toMatchObject({text: 'ab'});
  });
});

const FRAGMENTS = [
  '<T>',
  '<A>',
  '<K>',
  '</K>',
  '[',
  ']',
  '{',
  '}',
  ',',
  '"',
  '\\',
  ' ',
  'x',
  'xé',
  '"name": "f"',
  '"arguments": {}',
  '[{"name": "f", "arguments": {}}]',
  'f',
  '{"x": 1}',
];
const output = fc.array(fc.constantFrom(...FRAGMENTS), {maxLength: 30});
const version = fc.constantFrom<TemplateVersion>('v1', 'v2', 'v3', 'v7', 'v11', 'v13', 'v15');
const reason = fc.constantFrom<FinishReason>('stop', 'length', 'aborted');

describe('any output', () => {
  it('keeps its text, and its calls can be told to the model again', () => {
    const tools: readonly Tool[] = [{name: 'f', description: '', parameters: {source: '0'}}];
    fc.assert(
      fc.property(output, version, reason, fc.boolean(), (parts, template, why, offered) => {
        const run = parse(tokensOf(parts.join('')), {version: template, reason: why, options: offered ? {tools} : {}});
        const kept = [
          run.text,
          run.reasoning,
          run.end.trailing,
          run.end.incomplete ?? '',
          run.end.dropped,
          ...run.calls.map((call) => call.name + call.arguments),
        ];
        expect(kept.join('').split('x').length).toBe(parts.join('').split('x').length);
        for (const call of run.calls)
          expect(call).toMatchObject({
            id: expect.stringMatching(/^\w{9}$/),
            name: expect.stringMatching(/^[\w-]{1,64}$/),
          });
      }),
    );
  });

  it('survives any ids', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 0, max: 355})), version, reason, (tokens, template, why) => {
        expect(parse(tokens, {version: template, reason: why}).end.reason).toMatch(/stop|length|aborted|tool_calls/);
      }),
    );
  });

  it('is read in time that grows with its length', () => {
    const long = `{"s": "${'\\"{['.repeat(20_000)}"}`;
    expect(parse(tokensOf(`<T>[{"name": "f", "arguments": ${long}}]`), {version: 'v3'}).calls[0]?.arguments).toBe(long);
    expect(parse(tokensOf(`<T>f<A>${long}`)).calls[0]?.arguments).toBe(long);
  });
});

describe('what the encoder writes', () => {
  const message = fc.record({
    text: fc.string({unit: 'grapheme', minLength: 1}).filter((text) => !text.endsWith(' ')),
    thinking: fc.option(fc.string({unit: 'grapheme'})),
    names: fc.array(fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/), {maxLength: 3}),
    args: fc.dictionary(fc.string(), fc.oneof(fc.string({unit: 'grapheme'}), fc.integer(), fc.constant(null))),
  });

  it('is read back as the same message', () => {
    fc.assert(
      fc.property(
        message,
        fc.constantFrom<TemplateVersion>('v7', 'v11', 'v13', 'v15'),
        ({text, thinking, names, args}, template) => {
          const thought =
            thinking !== null && thinking !== '' && (template === 'v13' || template === 'v15') ? thinking : undefined;
          const calls = names.map((name, index) => ({id: `abcdefgh${index}`, name, arguments: JSON.stringify(args)}));
          const content =
            thought === undefined
              ? text
              : ([
                  {type: 'thinking', thinking: thought, closed: true},
                  {type: 'text', text},
                ] as const);
          const assistant: AssistantMessage = {role: 'assistant', content, toolCalls: calls, prefix: true};
          const prompt = encodeChat(
            {messages: [{role: 'user', content: ''}, assistant], sampling: {temperature: 0}},
            tokenizer,
            template,
          );
          const run = parse(prompt.tokens.slice(3), {version: template});
          expect({text: run.text, reasoning: run.reasoning}).toEqual({text, reasoning: thought ?? ''});
          expect(run.calls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual(
            names.map((name) => [name, args]),
          );
          if (template === 'v7' || template === 'v11')
            expect(run.calls.map((call) => call.id)).toEqual(calls.map((call) => call.id));
          expect(run.end).toMatchObject({lenient: false, invalid: false, trailing: '', incomplete: undefined});
        },
      ),
    );
  });
});

function counter(): () => string {
  let count = -1;
  return () => {
    count += 1;
    return `fresh000${count}`;
  };
}
