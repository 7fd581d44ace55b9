import {parse} from 'smol-toml';
import {expect, test} from 'vitest';
import {lineAndColumn, tomlPlaces} from '../../../src/commands/settings/toml-places.ts';

const TEXT = `# of mine
temperature = 0.1 # low
"a b".'c.d' = """
[not] a = table
"""

[chat]
  system = 'x # y'
stop = [ "#", # not this
  "]" ]
[profiles."fast \\"one\\""]
inner = {top-p = 0.5, other = [1, {deep = true}]}
[[mcp.list]]
when = 1979-05-27 07:32:00\r
last = -inf`;

test('each key has the place and the value that it has in the file', () => {
  const {entries, headers} = tomlPlaces(TEXT);
  const shown = entries.map(({path, start, valueStart, valueEnd}) => [
    path.join('/'),
    lineAndColumn(TEXT, start),
    TEXT.slice(valueStart, valueEnd),
  ]);
  expect(shown).toEqual([
    ['temperature', '2:1', '0.1'],
    ['a b/c.d', '3:1', '"""\n[not] a = table\n"""'],
    ['chat/system', '8:3', "'x # y'"],
    ['chat/stop', '9:1', '[ "#", # not this\n  "]" ]'],
    ['profiles/fast "one"/inner/top-p', '12:10', '0.5'],
    ['profiles/fast "one"/inner/other/deep', '12:36', 'true'],
    ['profiles/fast "one"/inner/other', '12:23', '[1, {deep = true}]'],
    ['profiles/fast "one"/inner', '12:1', '{top-p = 0.5, other = [1, {deep = true}]}'],
    ['mcp/list/when', '14:1', '1979-05-27 07:32:00'],
    ['mcp/list/last', '15:1', '-inf'],
  ]);
  expect(headers.map(({path, start, end}) => [path.join('/'), TEXT.slice(start, end)])).toEqual([
    ['chat', '[chat]'],
    ['profiles/fast "one"', '[profiles."fast \\"one\\""]'],
    ['mcp/list', '[[mcp.list]]'],
  ]);
  // The parser agrees that this is TOML with these tables.
  expect(Object.keys(parse(TEXT))).toEqual(['temperature', 'a b', 'chat', 'profiles', 'mcp']);
});

test.each(['', '[', '[a', 'a', 'a =', 'a = [', 'a = {', 'a = "', "'''", '=', ']', '[[', 'a = [{', '\\', '{}'])(
  'what is no TOML ends too: %j',
  (text) => {
    expect(tomlPlaces(text).entries.length).toBeLessThan(3);
  },
);
