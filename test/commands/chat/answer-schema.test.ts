import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {fromPlain} from '../../../src/base/json.ts';
import {readAnswerSchema} from '../../../src/commands/chat/answer-schema.ts';
import {answerLines, answerOnce} from '../../../src/commands/chat/piped-turns.ts';
import {type FakeIo, fakeIo} from '../../fakes/io.ts';
import {answering, SCRIPTED_MODEL, type ScriptedAnswer, ScriptedBackend} from '../../fakes/scripted-backend.ts';

const schema = fromPlain({type: 'object', properties: {a: {type: 'integer'}}, required: ['a']});

function face(io: FakeIo, script: (text: string) => string | ScriptedAnswer) {
  const send = (text: string, signal: AbortSignal) =>
    new ScriptedBackend(answering(() => script(text))).chat({messages: [], sampling: {temperature: 0}}, signal);
  return {io, send, model: SCRIPTED_MODEL, format: 'text' as const, screenReader: false, schema};
}

test('an answer under a schema is one line of JSON, whatever its layout', async () => {
  const io = fakeIo();
  await answerOnce(
    face(io, () => '{\n  "a": 1\n}'),
    'x',
  );
  expect(io.out()).toBe('{"a": 1}\n');
  expect(io.err()).toBe('');
});

test('one that does not fit is not on stdout, and the next line is answered all the same', async () => {
  const io = fakeIo('one\ntwo\nthree\n');
  const answers: Record<string, string> = {one: '{"a": "x"}', two: '{"a": 2}', three: 'no JSON'};
  await expect(answerLines(face(io, (text) => answers[text] ?? ''))).rejects.toMatchObject({exitCode: 6});
  expect(io.out()).toBe('{"a": 2}\n');
  expect(io.err()).toBe(
    '{"a": "x"}\nnote: the answer does not fit the schema\nno JSON\nnote: the answer does not fit the schema\n',
  );
});

test('the schema is JSON or a file of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'));
  onTestFinished(() => rmSync(folder, {recursive: true}));
  const path = join(folder, 'a.json');
  writeFileSync(path, '{"type": "null"}');
  const form = {type: 'json_schema', schema: new Map([['type', 'null']]), strict: true};
  expect(await readAnswerSchema(fakeIo(), path, false)).toEqual(form);
  expect(await readAnswerSchema(fakeIo(), ' {"type": "null"}', false)).toEqual(form);
});

test.each([
  ['{"type": "nul"}', 'usage', '--schema is no JSON schema: /type must be equal to one of the allowed values'],
  ['{"type": ', 'usage', '--schema: Not valid JSON'],
  ['name, age int', 'usage', '--schema takes a file or JSON, and there is no file name, age int'],
  ['{"contains": {"type": "null"}}', 'unsupported_schema', '/contains: "contains" is not enforced'],
])('%s is refused before a model is opened', async (value, code, message) => {
  await expect(readAnswerSchema(fakeIo(), value, false)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test('--schema-loose tells what is not held', async () => {
  const io = fakeIo();
  expect(await readAnswerSchema(io, '{"contains": {"type": "null"}}', true)).not.toHaveProperty('strict');
  expect(io.err()).toBe('note: --schema: /contains: "contains" is not enforced\n');
});
