import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readAll, readLines} from '../../src/base/read-lines.ts';

async function lines(chunks: Iterable<string | Uint8Array>): Promise<{lines: string[]; invalid: number[]}> {
  const source = (async function* () {
    yield* chunks;
  })();
  const found = [];
  for await (const line of readLines(source, {name: 'stdin'})) found.push(line);
  const invalid = found.filter(({valid}) => !valid).map(({number}) => number);
  return {lines: found.map(({text}) => text), invalid};
}

test('the last line counts with or without its newline, a carriage return belongs to the line end', async () => {
  expect((await lines(['a\nb'])).lines).toEqual(['a', 'b']);
  expect((await lines(['a\r\n\nb\n'])).lines).toEqual(['a', '', 'b']);
  expect((await lines([])).lines).toEqual([]);
});

test('bytes that are no UTF-8 are replaced, and the line is named', async () => {
  expect(await lines([Buffer.from('ok\nx'), Buffer.from([0xff, 0xc3]), Buffer.from('\nü')])).toEqual({
    lines: ['ok', 'x\ufffd\ufffd', 'ü'],
    invalid: [2],
  });
});

test('cutting the bytes anywhere changes nothing', async () => {
  const text = fc.array(fc.stringMatching(/^[a-zäß☺🙂 ]*$/u), {minLength: 1}).map((parts) => parts.join('\n'));
  await fc.assert(
    fc.asyncProperty(text, fc.integer({min: 1, max: 5}), async (whole, size) => {
      const bytes = Buffer.from(whole);
      const chunks = Array.from({length: Math.ceil(bytes.length / size)}, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const expected = whole.split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(await lines(chunks)).toEqual({lines: expected, invalid: []});
    }),
  );
});

test('a whole input is one text without its byte order mark', async () => {
  const source = (async function* () {
    yield Buffer.from([0xef, 0xbb]);
    yield Buffer.from([0xbf, 0x61, 0xff]);
  })();
  expect(await readAll(source, {name: 'stdin'})).toEqual({text: 'a\ufffd', valid: false});
});
