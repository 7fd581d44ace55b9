import {expect, test} from 'vitest';
import {meets, parseExam} from '../../../src/commands/exam/exam-file.ts';
import {runExam} from '../../../src/commands/exam/run-exam.ts';
import type {Answer} from '../../../src/engine/contract/collect-answer.ts';
import {fakeIo} from '../../fakes/io.ts';
import {answering, ScriptedBackend} from '../../fakes/scripted-backend.ts';

const EXAM = JSON.stringify({
  note: 'three questions',
  cases: [
    {
      id: 'capital/a',
      kind: 'capital',
      request: {messages: [{role: 'user', content: 'Capital of A?'}]},
      expect: {contains: ['Aton']},
    },
    {
      id: 'capital/b',
      kind: 'capital',
      request: {messages: [{role: 'user', content: 'Capital of B?'}]},
      expect: {contains: ['Beton']},
    },
    {id: 'fim/1', kind: 'fim', request: {prompt: 'a', suffix: 'c'}, expect: {regex: '^b$'}},
    {id: 'base/1', kind: 'base', request: {prompt: 'a'}, expect: {minChars: 2}},
  ],
});

test('every case is asked at temperature 0, and the score is told by kind', async () => {
  const io = fakeIo();
  const backend = new ScriptedBackend(answering((_request, i) => ['It is Aton.', 'No idea.', 'b', 'bc'][i] ?? ''));
  await runExam(io, backend, parseExam(EXAM, 'exam.json'), false);
  expect(io.out()).toBe(
    'failed capital/b: "No idea."\n' +
      'capital         1 of 2\nfim             1 of 1\nbase            1 of 1\npassed 3 of 4\n',
  );
  expect(backend.requests).toMatchObject([
    {messages: [{role: 'user', content: 'Capital of A?'}], sampling: {temperature: 0, maxTokens: 96}},
    {messages: [{role: 'user', content: 'Capital of B?'}]},
    {prompt: 'a', suffix: 'c', sampling: {temperature: 0, maxTokens: 96}},
    {prompt: 'a', sampling: {temperature: 0, maxTokens: 96}},
  ]);
});

test('--json tells every answer', async () => {
  const io = fakeIo();
  await runExam(io, new ScriptedBackend(answering(() => 'Aton')), parseExam(EXAM, 'exam.json').slice(0, 1), true);
  expect(JSON.parse(io.out())).toEqual({
    passed: 1,
    total: 1,
    cases: [{id: 'capital/a', kind: 'capital', passed: true, answer: 'Aton'}],
  });
});

test.each(['', '[]', '{"cases": 1}', '{"cases": [1]}'])('%j is no exam', (text) => {
  expect(() => parseExam(text, 'exam.json')).toThrow('exam.json');
});

const said = (content: string, ...calls: [name: string, args: string][]): Answer =>
  ({content, toolCalls: calls.map(([name, args]) => ({id: 'abcDEF123', name, arguments: args}))}) as unknown as Answer;

test.each([
  [said('The Capital'), {containsIgnoreCase: ['capital']}, true],
  [said('The Capital'), {contains: ['capital']}, false],
  [said('AHOY'), {regex: '(?i)arr|ahoy'}, true],
  [said('14'), {regex: '(?<!\\d)4(?!\\d)'}, false],
  [said('é'), {minChars: 2}, false],
  [said('x'), {calls: []}, true],
  [said('', ['f', '{}']), {calls: []}, false],
  [said('', ['f', '{"b": 2, "a": 1.0}']), {calls: [{name: 'f', arguments: {a: 1, b: 2}}]}, true],
  [said('', ['f', '{"a": 1, "b": 2}']), {calls: [{name: 'f', arguments: {a: 1}}]}, false],
  [said('', ['f', '{"a": "Paris, FR", "b": 2}']), {calls: [{name: 'f', arguments: {a: 'Paris'}, partial: true}]}, true],
  [said('', ['f', '{"a": "Rome"}']), {calls: [{name: 'f', arguments: {a: 'Paris'}, partial: true}]}, false],
  [
    said('', ['g', '{}'], ['f', '{}']),
    {
      calls: [
        {name: 'f', arguments: {}},
        {name: 'g', arguments: {}},
      ],
    },
    false,
  ],
])('%# judges an answer', (answer, expectation, right) => {
  expect(meets(answer, expectation)).toBe(right);
});
