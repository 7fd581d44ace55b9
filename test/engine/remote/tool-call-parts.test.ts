// Calls in the pieces of whichever server: by index, by id, or whole one after the other.
import {expect, test} from 'vitest';
import {ToolCallParts, wireCall} from '../../../src/engine/remote/tool-call-parts.ts';

type Piece = Readonly<Record<string, unknown>>;

/** Each call as `id name arguments`; an id made here is nine letters or digits, shown as `*`. */
async function calls(pieces: readonly Piece[], isCut = false): Promise<string[]> {
  const parts = new ToolCallParts();
  for (const piece of pieces) parts.add(wireCall(piece));
  const found: string[] = [];
  for await (const event of parts.end(isCut)) {
    if (event.type === 'text') found.push(`text ${event.text}`);
    if (event.type !== 'tool_call') continue;
    const {id, name, arguments: args} = event.call;
    const isOurs = /^[0-9A-Za-z]{9}$/.test(id);
    found.push(`${isOurs ? '*' : id} ${name} ${args}`);
  }
  return found;
}

const f = (name: string, args?: unknown) => ({function: {name, arguments: args}});

test.each<[string, readonly Piece[], readonly string[]]>([
  [
    'pieces by index',
    [
      {index: 0, id: 'a-1', ...f('get', '{"x"')},
      {index: 0, ...f('', ':1}')},
    ],
    ['a-1 get {"x":1}'],
  ],
  [
    'two by index, mixed',
    [
      {index: 0, id: 'a-1', ...f('g', '{')},
      {index: 1, id: 'b-1', ...f('h', '{')},
      {index: 0, ...f('', '}')},
      {index: 1, ...f('', '}')},
    ],
    ['a-1 g {}', 'b-1 h {}'],
  ],
  [
    'a name in every delta',
    [
      {index: 0, id: 'a-1', ...f('get_x', '{"a"')},
      {index: 0, id: 'a-1', ...f('get_x', ':1}')},
    ],
    ['a-1 get_x {"a":1}'],
  ],
  [
    'whole calls by id',
    [
      {id: 'a-1', ...f('g', '{}')},
      {id: 'b-1', ...f('h', '{}')},
    ],
    ['a-1 g {}', 'b-1 h {}'],
  ],
  [
    'pieces by id',
    [
      {id: 'a-1', ...f('g', '{"x"')},
      {id: 'b-1', ...f('h', '{}')},
      {id: 'a-1', ...f('', ':1}')},
    ],
    ['a-1 g {"x":1}', 'b-1 h {}'],
  ],
  ['the id in the first piece alone', [{id: 'a-1', ...f('g', '{"x"')}, f('', ':1}')], ['a-1 g {"x":1}']],
  [
    'whole calls with neither',
    [f('g', '{"x":1}'), f('g', '{"x":2}'), f('h', {y: 3})],
    ['* g {"x":1}', '* g {"x":2}', '* h {"y":3}'],
  ],
  [
    'index 0 for all',
    [
      {index: 0, id: 'a-1', ...f('g', '{}')},
      {index: 0, id: 'b-1', ...f('h', '{}')},
    ],
    ['a-1 g {}', 'b-1 h {}'],
  ],
  [
    'index 0 for all, the same function',
    [
      {index: 0, id: 'a-1', ...f('g', '{}')},
      {index: 0, id: 'b-1', ...f('g', '{"x":1}')},
    ],
    ['a-1 g {}', 'b-1 g {"x":1}'],
  ],
  [
    'a new id in each delta',
    [
      {index: 0, id: 'a-1', ...f('g', '{"x"')},
      {index: 0, id: 'b-1', ...f('', ':1}')},
    ],
    ['b-1 g {"x":1}'],
  ],
  [
    'an index of a wrong type',
    [
      {index: '0', id: 'a-1', ...f('g', '{}')},
      {index: '0', id: 'b-1', ...f('h', '{}')},
    ],
    ['a-1 g {}', 'b-1 h {}'],
  ],
  [
    'one id for two calls',
    [
      {index: 0, id: 'a-1', ...f('g', '{}')},
      {index: 1, id: 'a-1', ...f('h', '{}')},
    ],
    ['a-1 g {}', '* h {}'],
  ],
  [
    'empty ids',
    [
      {index: 0, id: '', ...f('g', '{}')},
      {index: 1, id: '', ...f('h', '{}')},
    ],
    ['* g {}', '* h {}'],
  ],
  ['no arguments', [{index: 0, id: 'a-1', ...f('g')}], ['a-1 g {}']],
  ['white space after the arguments', [{index: 0, id: 'a-1', ...f('g', '{"x": 1}\n ')}], ['a-1 g {"x": 1}\n ']],
  ['no function', [{index: 0, id: 'a-1'}], []],
  ['arguments that are a list', [{index: 0, id: 'a-1', ...f('g', '[1]')}], ['text g[1]']],
])('%s', async (_what, pieces, expected) => {
  expect(await calls(pieces)).toEqual(expected);
});

test('what was cut in the middle of a call is no call', async () => {
  expect(await calls([{index: 0, ...f('g', '{"x"')}], true)).toEqual([]);
});
