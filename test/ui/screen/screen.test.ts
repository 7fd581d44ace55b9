import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {setWidthTable, width} from '../../../src/base/cells/graphemes.ts';
import {DEFAULT_WIDTHS} from '../../../src/base/cells/width-by-class.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import type {Host} from '../../../src/ui/screen/draw/terminal.ts';
import {Screen, type ScreenSource} from '../../../src/ui/screen/screen.ts';
import {rowsOf} from '../../fakes/rows.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  setWidthTable(DEFAULT_WIDTHS);
  vi.useRealTimers();
});

/** A shown screen on a terminal that only remembers, over a text that grows; `drawn` is what the last frame said of it. */
function streaming(env: Host['env'] = {}) {
  let output = '';
  let text = '';
  let send: (bytes: Uint8Array) => void = () => {};
  const effects: string[] = [];
  const never = new AbortController().signal;
  const host: Host = {
    stdin: {
      setRawMode() {},
      on: (event: string, listener: (chunk: Uint8Array) => void) => {
        if (event === 'data') send = listener;
      },
      off() {},
      pause() {},
      resume() {},
    },
    stdout: {getWindowSize: () => [80, 24], write: (bytes) => (output += bytes), on() {}, off() {}},
    env,
    cwd: '/',
    home: '/home/me',
    tmpdir: '/tmp',
    cores: 2,
    stop: never,
    now: () => Date.now(),
    suspend: async () => {},
    run: async () => 0,
    onHangup() {},
    onExit: () => () => {},
  };
  const source: ScreenSource = {
    theme: createTheme({color: false, unicode: true, hyperlinks: false}),
    hint: [],
    streaming: true,
    context: () => ({history: [], commands: [], files: undefined, columns: 80}),
    status: () => ({
      phase: {kind: 'idle'},
      model: '',
      used: 0,
      limit: undefined,
      seed: undefined,
      queued: 0,
      notice: undefined,
    }),
    finished: () => [],
    tail: () => rowsOf(text),
    resized() {},
    effect: (effect) => effects.push(effect.type),
  };
  const screen = new Screen(host, source);
  screen.show();
  return {
    say: (token: string) => {
      text += token;
      screen.drawWith(100);
    },
    frames: () => output.split('\x1b[?2026h').length - 1,
    type: (keys: string) => send(Buffer.from(keys)),
    effects,
    prompt: () => screen.input.editor.text,
    keys: () => screen.keys,
    written: () => output,
    away: (run: () => Promise<void>) => screen.away(run),
    saw: (what: string) => output.includes(what),
    close: () => screen.close(),
  };
}

test('tokens are drawn as they come, a frame at most every interval, without a timer between them', async () => {
  const stream = streaming();
  const before = stream.frames();
  for (let token = 0; token < 30; token += 1) {
    vi.advanceTimersByTime(40);
    stream.say('x');
  }
  // One with every third token: the first that comes when the last frame is 100 milliseconds old.
  expect(stream.frames() - before).toBe(10);
  await stream.close();
});

test('what came before a pause is drawn when no token follows', async () => {
  const stream = streaming();
  vi.advanceTimersByTime(100);
  stream.say('one');
  vi.advanceTimersByTime(10);
  stream.say('two');
  expect(stream.saw('two')).toBe(false);
  vi.advanceTimersByTime(189);
  expect(stream.saw('two')).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stream.saw('two')).toBe(true);
  await stream.close();
});

test('kitty keys with the place of each key are asked for where the terminal has them, once, and given back', async () => {
  const stream = streaming();
  expect(stream.saw('\x1b[>')).toBe(false);
  stream.type('\x1b[?0u');
  expect(stream.saw('\x1b[>5u')).toBe(true);
  stream.type('\x1b[1089::99;5u\x1b[1089;5u');
  expect(stream.effects).toEqual(['interrupt', 'interrupt']);
  await stream.close();
  expect(stream.saw('\x1b[<u')).toBe(true);
});

test('where the terminal has no kitty keys none are given back', async () => {
  const stream = streaming();
  await stream.close();
  expect(stream.saw('\x1b[<u')).toBe(false);
});

test('what the terminal says is no key: two of a kind stay one behind the other', async () => {
  const stream = streaming();
  stream.type('\x03');
  const before = stream.keys();
  stream.type('\x1b[I\x1b]11;rgb:0/0/0\x07');
  expect(stream.keys()).toBe(before);
  stream.type('a');
  expect(stream.keys()).toBe(before + 1);
  await stream.close();
});

test('Enter in the first read is Enter when it was typed before the keys were raw', async () => {
  const early = streaming();
  early.type('hello\n');
  expect([early.effects, early.prompt()]).toEqual([['send'], '']);
  early.type('a\n');
  expect(early.prompt()).toBe('a\n');
  await early.close();
  const late = streaming();
  vi.advanceTimersByTime(301);
  late.type('hello\n');
  expect([late.effects, late.prompt()]).toEqual([[], 'hello\n']);
  await late.close();
});

/** What a terminal like kitty answers to the probes, on row 3. */
const REPORTS = [2, 1, 2, 4, 2, 2, 4, 2, 1, 2].map((cells) => `\x1b[3;${cells + 1}R`).join('');
const XTERM = {TERM: 'xterm'};

test('all is asked in the write of the first frame, once', async () => {
  const stream = streaming(XTERM);
  expect(stream.written().match(/\x1b\[6n/g)).toHaveLength(10);
  expect(stream.written().endsWith('\x1b[?2026l\x1b[c')).toBe(true);
  stream.type('\x1b[?62c');
  const before = stream.written().length;
  await stream.away(async () => {});
  expect(stream.written().slice(before)).not.toContain('\x1b[6n');
  await stream.close();
});

test('the answers say how wide text is, whatever is typed between them', async () => {
  const stream = streaming(XTERM);
  stream.type(`\x1b[?0u${REPORTS.slice(0, 18)}`);
  stream.type('a');
  expect(width('\u0939\u093f')).toBe(2);
  stream.type(`${REPORTS.slice(18)}b\x1b[?62c`);
  expect(width('\u0939\u093f')).toBe(1);
  expect(width('\u2764\ufe0f')).toBe(2);
  expect(stream.prompt()).toBe('ab');
  await stream.close();
});

test('answers of the defaults draw nothing anew', async () => {
  const stream = streaming(XTERM);
  const before = stream.frames();
  stream.type(`${[2, 2, 2, 2, 1, 4, 4, 2, 1, 2].map((cells) => `\x1b[3;${cells + 1}R`).join('')}\x1b[?62c`);
  expect(stream.frames()).toBe(before);
  await stream.close();
});

test('fewer answers than questions change nothing', async () => {
  const stream = streaming(XTERM);
  stream.type(`${REPORTS.slice(0, 30)}\x1b[?62c${REPORTS.slice(30)}`);
  expect(width('\u0939\u093f')).toBe(2);
  await stream.close();
});

test('the terminal is given back when it has answered, and what was typed by then is nobody’s', async () => {
  const stream = streaming(XTERM);
  let given = false;
  const closed = stream.close().then(() => {
    given = true;
  });
  await vi.advanceTimersByTimeAsync(100);
  expect(given).toBe(false);
  expect(stream.saw('\x1b[?2004l')).toBe(false);
  stream.type(`x\x1b[?0u${REPORTS}\x1b[?62c`);
  await closed;
  expect(stream.prompt()).toBe('');
  expect(stream.saw('\x1b[>5u')).toBe(false);
  expect(stream.saw('\x1b[?2004l')).toBe(true);
});

test.each([
  [0, 1000],
  [600, 400],
  [5000, 150],
])('%i ms after it was asked, a terminal that does not answer is given back within %i ms', async (since, wait) => {
  const stream = streaming(XTERM);
  await vi.advanceTimersByTimeAsync(since);
  let given = false;
  const closed = stream.close().then(() => {
    given = true;
  });
  await vi.advanceTimersByTimeAsync(wait - 1);
  expect(given).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await closed;
  expect(stream.saw('\x1b[?2004l')).toBe(true);
});
