import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
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
  it('hold back an unfinished character only', () => {
    const {steps, end} = parse([...tokenizer.encode('aé😀').slice(0, -1)]);
    expect(steps.map((events) => joined(events, 'text')).filter((text) => text !== '')).toEqual(['a', 'é']);
    expect(joined(end.events, 'text')).toBe('\ufffd');
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
