import {readFileSync} from 'node:fs';
import {Command} from 'commander';
import {describe, expect, test} from 'vitest';
import {z} from 'zod';
import {parseJson} from '../../../src/base/json.ts';
import {addSamplingOptions, addThinkingOptions, samplingParams} from '../../../src/commands/options.ts';
import {type SamplingParams, validateSampling} from '../../../src/engine/contract/sampling.ts';
import {
  httpRangeText,
  type NumberKey,
  type NumberRow,
  rangeText,
  SAMPLING,
} from '../../../src/engine/contract/sampling-table.ts';
import {readChatRequest} from '../../../src/engine/wire/read-request.ts';
import {ChatRequestSchema} from '../../../src/serve/body/chat-schema.ts';
import {readChat} from '../../../src/serve/body/read-chat.ts';
import {changeSampling} from '../../../src/ui/chat/slash/change-sampling.ts';

type Outcome = number | 'refused' | 'not set' | 'greedy';

/** What a flag and /set make of a text, and a request of the same JSON; where it says one thing, both agree. */
const CASES: Readonly<Record<NumberKey, readonly (readonly [text: string, value: Outcome, http?: Outcome])[]>> = {
  maxTokens: [
    ['0', 0],
    ['2147483647', 2147483647],
    ['5e0', 5],
    ['-1', 'refused', 'not set'],
    ['2147483648', 'refused', 2147483647],
    ['1e30', 'refused', 2147483647],
    ['-2', 'refused'],
    ['1.5', 'refused'],
  ],
  thinkingBudget: [
    ['0', 0],
    ['2147483647', 2147483647],
    ['-1', 'refused', 'not set'],
    ['1e30', 'refused', 2147483647],
    ['-2', 'refused'],
    ['1.5', 'refused'],
  ],
  temperature: [
    ['0', 0],
    ['100', 100],
    ['-0.01', 'refused'],
    ['-1', 'refused'],
    ['100.01', 'refused'],
  ],
  topP: [
    ['1', 1],
    ['0.000001', 0.000001],
    ['0', 'refused', 'greedy'],
    ['-0.01', 'refused'],
    ['1.01', 'refused'],
  ],
  topK: [
    ['0', 0],
    ['2147483647', 2147483647],
    ['-1', 'refused', 'not set'],
    ['-2', 'refused'],
    ['2147483648', 'refused'],
    ['0.5', 'refused'],
  ],
  minP: [
    ['0', 0],
    ['0.999999', 0.999999],
    ['1', 'refused', 'greedy'],
    ['-0.01', 'refused'],
    ['1.01', 'refused'],
  ],
  seed: [
    ['0', 0],
    ['4294967295', 4294967295],
    ['-1', 'refused', 'not set'],
    ['-2', 'refused', 4294967294],
    ['4294967296', 'refused', 0],
    ['4294967301', 'refused', 5],
    ['18446744073709551617', 'refused', 1],
    ['1.5', 'refused'],
  ],
  repeatPenalty: [
    ['100', 100],
    ['0.001', 0.001],
    ['0', 'refused'],
    ['-1', 'refused'],
    ['100.01', 'refused'],
  ],
  repeatWindow: [
    ['0', 0],
    ['-1', -1],
    ['256', 256],
    ['2147483647', 2147483647],
    ['2147483648', 'refused'],
    ['-2', 'refused'],
    ['1.5', 'refused'],
  ],
  frequencyPenalty: [
    ['-2', -2],
    ['2', 2],
    ['-2.01', 'refused'],
    ['2.01', 'refused'],
  ],
  presencePenalty: [
    ['-2', -2],
    ['2', 2],
    ['-2.01', 'refused'],
    ['2.01', 'refused'],
  ],
  noRepeatNgramSize: [
    ['0', 0],
    ['1000', 1000],
    ['1001', 'refused'],
    ['-1', 'refused'],
    ['2.5', 'refused'],
  ],
};

/** What no row takes: as JSON, and as the text of a flag. */
const NEVER = ['"x"', '""', 'true', '[]', '1e400'];

const rows: readonly (readonly [NumberKey, NumberRow])[] = SAMPLING.map((row) => [row.key, row]);

/** The value of a key, or that it was refused. */
function outcome(key: NumberKey, sampling: () => SamplingParams): Outcome {
  try {
    const {[key]: value, topK} = sampling();
    return value ?? ((key === 'topP' || key === 'minP') && topK === 1 ? 'greedy' : 'not set');
  } catch {
    return 'refused';
  }
}

/** No default of its own, so that what is absent shows. */
const BARE = {temperature: Number.NaN};
const unset = (sampling: SamplingParams): SamplingParams => {
  const {temperature, ...rest} = sampling;
  return (Number.isNaN(temperature) ? rest : sampling) as SamplingParams;
};

function byFlag(row: NumberRow, text: string): SamplingParams {
  const command = new Command().exitOverride().configureOutput({writeErr: () => {}});
  addSamplingOptions(command, BARE);
  addThinkingOptions(command);
  const name = /--\S+/.exec(row.flag)?.[0] ?? '';
  command.parse([`${name}=${text}`], {from: 'user'});
  return unset(samplingParams(command, BARE));
}

/** Each way a request is read: both dialects of the engine's reader, the server's own, and the schema of its body. */
const READERS: Readonly<Record<string, (name: string, json: string) => SamplingParams>> = {
  strict: (name, json) => readChatRequest(parseJson(bodyOf(name, json)), {sampling: BARE}).request.sampling,
  lenient: (name, json) =>
    readChatRequest(parseJson(bodyOf(name, json)), {sampling: BARE, dialect: 'lenient'}).request.sampling,
  server: (name, json) => readChat(parseJson(bodyOf(name, json)), BARE).request.sampling,
};
const bodyOf = (name: string, json: string) => `{"messages": [{"role": "user", "content": "a"}], "${name}": ${json}}`;

describe.each(rows)('%s', (key, row) => {
  const cases = CASES[key];
  const named = cases.map(([text, value, http = value]) => ({text, value, http}));

  test('the cases stand on both sides of each end of its range', () => {
    const value = (text: string) => cases.find(([one]) => one === text)?.[1];
    for (const end of [row.min, row.max]) if (end !== undefined) expect(value(String(end))).toBe(end);
    for (const end of [row.above, row.below]) if (end !== undefined) expect(value(String(end))).toBe('refused');
    const refused = cases.filter(([, result]) => result === 'refused').map(([text]) => Number(text));
    expect(Math.min(...refused)).toBeLessThan(row.min ?? row.above ?? 0);
    expect(Math.max(...refused)).toBeGreaterThan(row.integer ? (row.max ?? 0) - 1 : (row.max ?? row.below ?? 0));
  });

  test.each(named)('the flag and /set: $text is $value', ({text, value}) => {
    expect(outcome(key, () => byFlag(row, text))).toBe(value);
    for (const name of row.set)
      expect(outcome(key, () => changeSampling({temperature: 0}, name, text).sampling)).toBe(value);
    expect(outcome(key, () => checked({temperature: 0, [key]: Number(text)}))).toBe(value);
  });

  test.each(named)('over HTTP: $text is $http', ({text, http}) => {
    for (const name of row.wire) {
      for (const [reader, read] of Object.entries(READERS)) {
        expect([reader, name, outcome(key, () => unset(read(name, text)))]).toEqual([reader, name, http]);
      }
      expect(ChatRequestSchema.safeParse(JSON.parse(bodyOf(name, text))).success).toBe(http !== 'refused');
    }
  });

  test('what no number is, is refused everywhere, and null is not set', () => {
    for (const text of ['', ' ', 'x', 'NaN', 'Infinity', '1e400']) {
      expect([text, outcome(key, () => byFlag(row, text))]).toEqual([text, 'refused']);
      expect([text, outcome(key, () => changeSampling({temperature: 0}, row.set[0], text).sampling)]).toEqual([
        text,
        'refused',
      ]);
    }
    for (const name of row.wire) {
      for (const json of NEVER) {
        for (const read of Object.values(READERS))
          expect([json, outcome(key, () => read(name, json))]).toEqual([json, 'refused']);
        expect(ChatRequestSchema.safeParse(JSON.parse(bodyOf(name, json))).success).toBe(false);
      }
      for (const read of Object.values(READERS)) expect(outcome(key, () => unset(read(name, 'null')))).toBe('not set');
      expect(ChatRequestSchema.safeParse(JSON.parse(bodyOf(name, 'null'))).success).toBe(true);
    }
  });

  test('one wording of its range', () => {
    const message = (call: () => unknown) => {
      try {
        return String(call());
      } catch (error) {
        return (error as Error).message;
      }
    };
    const wrong = refusedEverywhere(cases);
    expect(message(() => byFlag(row, wrong))).toContain(`Expected ${rangeText(row)}.`);
    expect(message(() => changeSampling({temperature: 0}, row.set[0], wrong))).toContain(`is ${rangeText(row)}, not`);
    expect(message(() => checked({temperature: 0, [key]: Number(wrong)}))).toContain(`must be ${rangeText(row)}, not`);
    for (const name of row.wire) {
      expect(message(() => READERS.strict?.(name, wrong))).toBe(`${name} must be ${httpRangeText(row)}.`);
      const {error} = ChatRequestSchema.safeParse(JSON.parse(bodyOf(name, wrong)));
      expect(error?.issues.map((issue) => issue.message)).toEqual([`expected ${httpRangeText(row)}`]);
    }
  });
});

function refusedEverywhere(cases: (typeof CASES)[NumberKey]): string {
  return cases.find(([, value, http = value]) => value === 'refused' && http === 'refused')?.[0] ?? '';
}

function checked(sampling: SamplingParams): SamplingParams {
  validateSampling(sampling);
  return sampling;
}

test('ranges in words', () => {
  expect(SAMPLING.map((row) => [row.key, rangeText(row), httpRangeText(row)])).toEqual([
    ['maxTokens', 'an integer from 0 to 2147483647', 'an integer, at least 0, or -1'],
    ['thinkingBudget', 'an integer from 0 to 2147483647', 'an integer, at least 0, or -1'],
    ['temperature', 'a number from 0 to 100', 'a number from 0 to 100'],
    ['topP', 'a number above 0, up to 1', 'a number from 0 to 1'],
    ['topK', 'an integer from 0 to 2147483647', 'an integer from 0 to 2147483647, or -1'],
    ['minP', 'a number, at least 0, below 1', 'a number from 0 to 1'],
    ['seed', 'an integer from 0 to 4294967295', 'an integer'],
    ['repeatPenalty', 'a number above 0, up to 100', 'a number above 0, up to 100'],
    ['repeatWindow', 'an integer from -1 to 2147483647', 'an integer from -1 to 2147483647'],
    ['frequencyPenalty', 'a number from -2 to 2', 'a number from -2 to 2'],
    ['presencePenalty', 'a number from -2 to 2', 'a number from -2 to 2'],
    ['noRepeatNgramSize', 'an integer from 0 to 1000', 'an integer from 0 to 1000'],
  ]);
});

test('of several names of one parameter all are checked, and the first that is set counts', () => {
  const read = (members: string) =>
    readChatRequest(parseJson(`{"messages": [{"role": "user", "content": "a"}], ${members}}`)).request.sampling;
  expect(read('"max_tokens": 5, "max_completion_tokens": 7')).toEqual({temperature: 0, maxTokens: 7});
  expect(read('"max_tokens": 5, "max_completion_tokens": null')).toEqual({temperature: 0, maxTokens: 5});
  expect(read('"max_tokens": 5, "max_completion_tokens": -1')).toEqual({temperature: 0, maxTokens: 5});
  expect(() => read('"max_completion_tokens": 7, "max_tokens": "5"')).toThrow('max_tokens must be');
});

test('the likeliest token alone counts more than another nucleus, of the request or of a default', () => {
  const defaults = {temperature: 1, topP: 0.9, minP: 0.1, topK: 40};
  const bodySampling = (fields: string) =>
    readChat(parseJson(`{"messages": [{"role": "user", "content": "a"}], ${fields}}`), defaults).request.sampling;
  expect(bodySampling('"top_p": 0, "min_p": 0.5, "top_k": 20').topK).toBe(1);
  expect(bodySampling('"min_p": 1').topK).toBe(1);
});

test('the OpenAPI document says what a row takes', () => {
  const {properties = {}} = z.toJSONSchema(ChatRequestSchema, {io: 'input'});
  const nullable = (schema: object, description: string) => ({anyOf: [schema, {type: 'null'}], description});
  expect(properties.top_k).toEqual(
    nullable({type: 'integer', minimum: -1, maximum: 2147483647}, 'the k likeliest tokens (0 = off)'),
  );
  expect(properties.repeat_penalty).toEqual(
    nullable({type: 'number', exclusiveMinimum: 0, maximum: 100}, 'divide the logits of seen tokens by x (1 = off)'),
  );
  expect(properties.seed).toEqual({type: ['integer', 'null'], description: 'same seed, same answer'});
  expect(properties.max_completion_tokens).toEqual(
    nullable({type: 'integer', minimum: -1}, 'maximum tokens of the answer'),
  );
});

test('the page of the parameters is the table', () => {
  const page = readFileSync('docs/reference/sampling.md', 'utf8');
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  const expected = SAMPLING.map((row) => {
    const {flag, set, wire, help} = row;
    return `| ${code([flag.replace(/ <.*/, '')])} | ${code(set)} | ${code(wire)} | ${rangeText(row)} | ${httpRangeText(row)} | ${help} |`;
  });
  expect(
    page
      .split('\n')
      .filter((line) => /^\| `-/.test(line))
      .slice(0, SAMPLING.length),
  ).toEqual(expected);
});
