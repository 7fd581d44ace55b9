// The transcripts of the pages: which commands are run, and when what they print is what the page shows.
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';

interface Transcripts {
  agrees(shown: readonly string[], printed: readonly string[]): boolean;
  constant(line: string): string;
  stepsOf(page: string): object[];
}
const {agrees, constant, stepsOf} = (await import(pathToFileURL('scripts/transcripts.js').href)) as Transcripts;

test('a block of the console is run command by command, with the lines that go on', () => {
  const page = ['Text', '', '```console', "$ printf 'a\\n' \\", '  | cat', 'a', '$ true', '```', ''].join('\n');
  expect(stepsOf(page)).toEqual([
    {
      kind: 'transcript',
      commands: [
        {command: "printf 'a\\n' \\\n  | cat", line: 4, printed: ['a']},
        {command: 'true', line: 7, printed: []},
      ],
    },
  ]);
});

test('marks in front of a block say what is done with it', () => {
  const page = `
<!-- docs:check: folder model -->
<!-- docs:check: setup mkdir x -->
<!-- docs:check: file a.json -->
\`\`\`json
{}
\`\`\`

<!-- docs:check: server -->
\`\`\`console
$ mistral serve
serving
\`\`\`

<!-- docs:check: lines -->
\`\`\`sh
# what it is
curl x
\`\`\`

<!-- docs:check: not run, it needs a GPU -->
\`\`\`console
$ mistral setup gpu
\`\`\`

\`\`\`sh
never run
\`\`\`
`;
  expect(stepsOf(page)).toEqual([
    {kind: 'folder', name: 'model'},
    {kind: 'setup', command: 'mkdir x'},
    {kind: 'file', name: 'a.json', text: '{}\n'},
    {kind: 'server', commands: [{command: 'mistral serve', line: 11, printed: ['serving']}]},
    {kind: 'lines', commands: [{command: 'curl x', line: 18, printed: []}]},
    {kind: 'not run', line: 22, why: 'it needs a GPU'},
  ]);
});

test('a mark that is misspelt, or stands before no block, is an error and not passed over', () => {
  expect(() => stepsOf('<!-- docs:check: servr -->\n```console\n$ x\n```')).toThrow('line 1: no such mark: servr');
  expect(() => stepsOf('<!-- docs:check: server -->\n\nText')).toThrow('line 3: the mark in front of it has no block');
  expect(() => stepsOf('```console\nno command\n```')).toThrow("line 2: a transcript begins with '$ '");
});

test.each([
  [['a', 'b'], ['a', 'b'], true],
  [['a'], ['a', 'b'], false],
  [['a', 'b'], ['a'], false],
  [[], ['a'], false],
  [['…', 'c'], ['a', 'b', 'c'], true],
  [['…', 'c'], ['c'], true],
  [['a', '…'], ['a'], true],
  [['a', '…', 'd'], ['a', 'b', 'c'], false],
])('%j is shown and %j printed: %s', (shown, printed, same) => {
  expect(agrees(shown, printed)).toBe(same);
});

test('times and ids differ from run to run, numbers that mean something do not', () => {
  expect(constant('wrote m.gguf: 94.0 kB in 1.2 s')).toBe('wrote m.gguf: 94.0 kB in N s');
  expect(constant('[{"id": "zvneUYAED", "name": "get"}]')).toBe('[{"id": "#########", "name": "get"}]');
  expect(constant('{"id":"chatcmpl-a1","created":1795903488}')).toBe('{"id":"chatcmpl-#","created": #}');
  expect(agrees(['14 tokens'], ['15 tokens'])).toBe(false);
});
