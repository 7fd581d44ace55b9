// Events as the HTML standard reads them, however the bytes are cut.
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readEvents, type ServerEvent} from '../../../src/base/http/server-sent-events.ts';

async function* pieces(all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const one of all) yield one;
}

async function eventsOf(all: readonly Uint8Array[], limit?: number): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(pieces(all), limit)) events.push(event);
  return events;
}

const read = (text: string, limit?: number) => eventsOf([Buffer.from(text)], limit);
const dataOf = async (text: string) => (await read(text)).map(({data}) => data);

test.each([
  ['data: {"a":\ndata: 1}\n\n', ['{"a":\n1}']],
  ['data: x\r\rdata: y\r\r', ['x', 'y']],
  ['data: x\r\n\r\ndata: y\r\n\r\n', ['x', 'y']],
  ['data: x\n\rdata: y\r\n\n', ['x', 'y']],
  ['\uFEFFdata: x\n\n', ['x']],
  ['\uFEFF\uFEFFdata: x\n\n', []],
  ['data:x\ndata:  y\n\n', ['x\n y']],
  ['data\n\n', ['']],
  ['data:\n\n', ['']],
  ['data\ndata\n\n', ['\n']],
  [': ping\n\n', []],
  ['event: a\n\n', []],
  ['\n\n\n', []],
  ['', []],
  ['data: x', ['x']],
  ['data: x\n', ['x']],
  ['data: x\r', ['x']],
  ['data: x\n\ndata: [DONE]', ['x', '[DONE]']],
  ['Data: x\n\n', []],
  [' data: x\n\n', []],
  ['data : x\n\n', []],
  ['retry: 10\nfoo: bar\ndata: x: y\n\n', ['x: y']],
  ['data: a\u2028b\u0085c\n\n', ['a\u2028b\u0085c']],
])('%j gives %j', async (text, expected) => {
  expect(await dataOf(text)).toEqual(expected);
});

test('a name holds for its event, an id until the next one', async () => {
  expect(await read('event: a\nid: 1\ndata: x\n\ndata: y\n\nid: 2\0\ndata: z\n\nid\ndata: w\n\n')).toEqual([
    {event: 'a', data: 'x', id: '1'},
    {event: 'message', data: 'y', id: '1'},
    {event: 'message', data: 'z', id: '1'},
    {event: 'message', data: 'w', id: ''},
  ]);
});

test('a character that never ends is not lost silently', async () => {
  expect((await eventsOf([Buffer.from('data: x'), Uint8Array.of(0xe2, 0x82)])).map(({data}) => data)).toEqual([
    'x\uFFFD',
  ]);
});

const bits = fc.constantFrom(
  'data',
  'data: ',
  'data:',
  'event: e',
  'id: 7',
  ':',
  ' ',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  'é',
  '😀',
  '\uFEFF',
  'x',
);

test('any way to cut the bytes gives the same events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bits, {maxLength: 40}), fc.array(fc.nat(), {maxLength: 12}), async (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''));
      const places = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
      const cut = [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
      expect(await eventsOf(cut)).toEqual(await eventsOf([bytes]));
      const single = [...bytes].map((byte) => Uint8Array.of(byte));
      expect(await eventsOf(single)).toEqual(await eventsOf([bytes]));
    }),
  );
});

test('no event is larger than the limit, be it one line, many, or a line that never ends', async () => {
  const refusal = {code: 'backend_failed', message: 'the server sent an event of more than 20 characters'};
  expect((await read('data: 12345678901234\n\ndata: 12345678901234\n\n', 20)).length).toBe(2);
  await expect(read('data: 123456789012345\n\n', 20)).rejects.toMatchObject(refusal);
  await expect(read('data: 1234\ndata: 1234\ndata: 1234\ndata: 1234\n\n', 20)).rejects.toMatchObject(refusal);
  await expect(eventsOf([Buffer.from('data: 1234567890'), Buffer.from('1234567890')], 20)).rejects.toMatchObject(
    refusal,
  );
});

test('a long line costs what it is long: the time of each piece does not grow with what came before', async () => {
  const seconds = async (bytes: number) => {
    const all = [Buffer.from('data: '), ...Array.from({length: bytes / 1000}, () => Buffer.alloc(1000, 'x'))];
    const began = performance.now();
    const [event] = await eventsOf(all);
    expect(event?.data.length).toBe(bytes);
    return performance.now() - began;
  };
  await seconds(1_000_000);
  // Quadratic, it took sixteen times as long for four times as much, and minutes for this.
  expect(await seconds(8_000_000)).toBeLessThan(20_000);
});

test('a reader that leaves closes the body', async () => {
  let closed = false;
  async function* body() {
    try {
      for (;;) yield Buffer.from('data: x\n\n');
    } finally {
      closed = true;
    }
  }
  for await (const {data} of readEvents(body())) {
    expect(data).toBe('x');
    break;
  }
  expect(closed).toBe(true);
});
