import {expect, test} from 'vitest';
import {answerLines, answerOnce} from '../../../src/commands/chat/piped-turns.ts';
import {type FakeIo, fakeIo} from '../../fakes/io.ts';
import {answering, SCRIPTED_MODEL, type ScriptedAnswer, ScriptedBackend} from '../../fakes/scripted-backend.ts';

function face(io: FakeIo, script: (text: string) => string | ScriptedAnswer, screenReader = false) {
  const asked: string[] = [];
  const send = (text: string, signal: AbortSignal) => {
    asked.push(text);
    return new ScriptedBackend(answering(() => script(text))).chat({messages: [], sampling: {temperature: 0}}, signal);
  };
  return {asked, face: {io, send, model: SCRIPTED_MODEL, format: 'text' as const, screenReader}};
}

test('each line of stdin is a turn, also the last one without its newline; blank ones are none', async () => {
  const io = fakeIo('a\n\n  \nb');
  const {asked, face: plain} = face(io, (text) => text.toUpperCase());
  await answerLines(plain);
  expect(asked).toEqual(['a', 'b']);
  expect(io.out()).toBe('A\nB\n');
});

test('invalid bytes are replaced and announced', async () => {
  const io = fakeIo([Buffer.from('ok\n'), Buffer.from([0xff, 0x0a])]);
  const {asked, face: plain} = face(io, () => 'x');
  await answerLines(plain);
  expect(asked).toEqual(['ok', '\ufffd']);
  expect(io.err()).toBe('note: line 2 of stdin is not valid UTF-8; unreadable bytes were replaced\n');
});

test('on a terminal the classic loop asks and rules', async () => {
  const io = fakeIo('hi\n');
  Object.assign(io.stdin, {isTTY: true});
  Object.assign(io.stdout, {isTTY: true});
  await answerLines(face(io, () => 'Hello').face);
  expect(io.out()).toBe(`Prompt: Hello\n${'='.repeat(21)}\nPrompt: \n`);
});

test('a stop while waiting for input and a stop in an answer end the turns, what was said stays', async () => {
  const waiting = fakeIo(
    (async function* () {
      yield 'a\n';
      setTimeout(() => waiting.stopWith('SIGINT'), 5);
      await new Promise((resolve) => setTimeout(resolve, 10_000).unref());
    })() as unknown as Iterable<string>,
  );
  await expect(answerLines(face(waiting, () => 'A').face)).rejects.toBe('SIGINT');
  expect(waiting.out()).toBe('A\n');

  const answering = fakeIo();
  const {face: plain} = face(answering, () => 'a long answer');
  const send = async function* (text: string, signal: AbortSignal) {
    for await (const event of plain.send(text, signal)) {
      yield event;
      if (event.type === 'text') answering.stopWith('SIGTERM');
    }
  };
  await expect(answerOnce({...plain, send}, 'q')).rejects.toBe('SIGTERM');
  expect(answering.out()).toBe('a\n');
});
