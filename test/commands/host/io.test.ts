import {PassThrough} from 'node:stream';
import {CommanderError} from 'commander';
import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {confirm} from '../../../src/commands/host/confirm.ts';
import {drained, type Io, ioOn, writePrompt} from '../../../src/commands/host/io.ts';
import {reportError, reportUsage} from '../../../src/commands/host/report.ts';
import {notingIo} from '../../../src/commands/host/screen-host.ts';
import {fakeIo} from '../../fakes/io.ts';

/** An escape sequence, the C1 form of one, a carriage return, an override, a separator and a tag. */
const EVIL = 'a\u001b]0;t\u0007\u009b2J\rb\u202ec\u2028d\u{E0041}\u007f';
const CLEANED = 'a]0;t2Jbc\nd';
/** The same as a message, of which no part looks like another one. */
const ONE_LINE = 'a]0;t2Jbc d';

test('each stream is judged by itself: data is cleaned only on the terminal', () => {
  const wrote = (terminals: readonly ('stdout' | 'stderr')[], write: (io: Io) => void) => {
    const io = fakeIo('', {}, terminals);
    write(io);
    return {out: io.out(), err: io.err()};
  };
  const print = (io: Io) => io.print(EVIL);
  expect(wrote([], print)).toEqual({out: EVIL, err: ''});
  expect(wrote(['stderr'], print)).toEqual({out: EVIL, err: ''});
  expect(wrote(['stdout'], print)).toEqual({out: CLEANED, err: ''});
  expect(wrote([], (io) => io.say(EVIL))).toEqual({out: '', err: `${ONE_LINE}\n`});
  expect(wrote([], (io) => io.sayText(EVIL))).toEqual({out: '', err: `${CLEANED}\n`});
  expect(wrote([], (io) => io.show(EVIL))).toEqual({out: CLEANED, err: ''});
});

test.each([
  'model\nerror: forged',
  'model\n\n\nerror: forged',
  'model\u2028error: forged',
  'model\u2029error: forged',
  'model\r\nerror: forged',
  '\nerror: forged',
])('a name in a message begins no line of its own: %j', async (name) => {
  const io = fakeIo();
  io.say(`ready: ${name}`);
  await reportError(io, new EngineError('io', `cannot read ${name}`, {hint: `Look at ${name}.`}), false);
  await reportUsage(io, new CommanderError(2, 'commander.unknownOption', `error: unknown option '${name}'`), false);
  const lines = io.err().trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['ready:', 'error:', 'Look', 'error:']);
});

test('JSON means the same on a terminal, a log line always', () => {
  const value = {name: EVIL};
  const plain = fakeIo();
  plain.json(value);
  expect(plain.out()).toBe(`${JSON.stringify(value)}\n`);
  const terminal = fakeIo('', {}, ['stdout']);
  terminal.json(value);
  terminal.printJson(`${JSON.stringify(value)}\n`);
  const line = '{"name":"a\\u001b]0;t\\u0007\\u009b2J\\rb\\u202ec\\u2028d\\udb40\\udc41\\u007f"}\n';
  expect(terminal.out()).toBe(line + line);
  expect(JSON.parse(line)).toEqual(value);
  plain.logJson(`${JSON.stringify(value)}\n`);
  expect(plain.err()).toBe(line);
});

test('what asks a person is cleaned too', async () => {
  const io = fakeIo('', {}, ['stdin', 'stdout', 'stderr']);
  writePrompt(io, EVIL);
  expect(io.out()).toBe(CLEANED);
  const stdin = Object.assign(new PassThrough(), {isTTY: true});
  const stderr = Object.assign(new PassThrough(), {isTTY: true});
  const asked = confirm(ioOn({...io, stdin, stdout: new PassThrough(), stderr}), EVIL, 'Continue?');
  stdin.write('y\n');
  expect(await asked).toBe(true);
  expect(String(stderr.read())).toContain(`${CLEANED} Continue? [Y/n] `);
});

test('failures of every kind', async () => {
  const io = fakeIo('', {}, ['stdout']);
  await reportError(io, new EngineError('io', EVIL, {hint: EVIL}), true);
  await reportError(io, new TypeError(EVIL), false);
  await reportUsage(io, new CommanderError(2, 'commander.unknownOption', `error: unknown option '${EVIL}'`), true);
  const hostile = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/;
  expect(io.err()).not.toMatch(hostile);
  expect(io.err()).toContain(`error: ${ONE_LINE}\n${ONE_LINE}\n`);
  expect(io.err()).toContain(`unknown option '${ONE_LINE}'`);
  expect(io.out()).not.toMatch(hostile);
});

test('messages of a chat on the screen become notes', () => {
  const notes: string[] = [];
  notingIo(fakeIo(), (text) => notes.push(text), new AbortController().signal).sayText('loading\nall');
  expect(notes).toEqual(['loading\nall']);
});

test('a slow reader is waited for', async () => {
  const stdout = new PassThrough({highWaterMark: 4});
  const io = ioOn({...fakeIo(), stdout, stderr: new PassThrough()});
  await drained(io);
  io.print('more than four');
  let done = false;
  const waiting = drained(io).then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  expect(done).toBe(false);
  stdout.resume();
  await waiting;
});
