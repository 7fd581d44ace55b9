import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {type OutputEvent, OutputParser} from '../../../src/engine/template/output.ts';
import type {Token} from '../../../src/engine/types.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';

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

const {cases} = JSON.parse(readFileSync(new URL('../../goldens/tool-calls.json', import.meta.url), 'utf8')) as {
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

describe('outputs with and without tool calls', () => {
  for (const golden of cases) {
    it(`${golden.format}: ${golden.name}`, () => {
      const parser = new OutputParser(tokenizer, golden.format === 'json' ? 'v3' : 'v13', {newCallId: counter()});
      const events = tokensOf(golden.output).flatMap((token) => parser.push(token));
      const end = parser.end(golden.expect.finish ?? 'stop');
      const all = [...events, ...end.events];
      expect(joined(all, 'text')).toBe(golden.expect.content);
      expect(joined(all, 'reasoning')).toBe(golden.expect.reasoning ?? '');
      const calls = all.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));
      expect(calls).toEqual(golden.expect.calls.map((call, index) => ({id: `fresh000${index}`, ...call})));
      expect(end.trailing).toBe(golden.expect.trailing ?? '');
      expect(end.incomplete !== undefined).toBe(golden.expect.truncated ?? false);
      expect(end.invalid).toBe(golden.expect.invalid ?? false);
      expect(end.lenient).toBe(golden.expect.lenient ?? false);
      expect(end.reason).toBe(golden.expect.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'));
    });
  }
});

function counter(): () => string {
  let count = -1;
  return () => {
    count += 1;
    return `fresh000${count}`;
  };
}
