// What a shell can rely on, as one table over the built programs: where stdin and stdout may lead, what comes on them, and
// the exit code that says how it went. Each row is a line of bash.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {runShell} from './harness/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'contract-'));
const model = join(folder, 'tiny.gguf');
const file = (name: string) => join(folder, name);
/** `$ASK` answers with one token of the tiny model; the other names are those of `runShell`. */
const run = (line: string) =>
  runShell(`ASK="$CHAT ${model} --instruct --gpu off --threads 1 --max-tokens 1"; cd ${folder}; ${line}`, {
    MISTRAL_STATE_DIR: file('state'),
  });

beforeAll(() => {
  writeFileSync(model, randomModel(TINY_SHAPE));
  mkdirSync(file('folder'));
  writeFileSync(file('tools.json'), '[{"name": "f", "description": "", "parameters": {"type": "object"}}]');
  writeFileSync(file('two'), 'one\ntwo\n');
  writeFileSync(file('long'), `${'word '.repeat(2e6)}\n`);
  writeFileSync(file('utf16'), Buffer.from('\ufeffone\r\ntwo\r\n', 'utf16le'));
  writeFileSync(file('utf16be'), Buffer.from('\ufeffone\ntwo\n', 'utf16le').swap16());
  writeFileSync(file('bare16'), Buffer.from('one two\n', 'utf16le'));
});
afterAll(() => rmSync(folder, {recursive: true}));

/** Where stdin comes from; lines it holds; the exit code of reading it by lines, and whole. */
const INPUTS: readonly (readonly [from: string, lines: number, byLines: number, whole: number])[] = [
  ['</dev/null', 0, 0, 2],
  ['<<< ""', 0, 0, 2],
  ['<<< "   "', 0, 0, 2],
  ['< folder', 0, 1, 1],
  ['0>write-only', 0, 1, 1],
  ['<&-', 0, 0, 2],
  ['< two', 2, 0, 0],
  ["< <(printf 'no line end')", 1, 0, 0],
  ["< <(printf 'a\\r\\nb\\r\\n')", 2, 0, 0],
  ["< <(printf 'a\\rb\\rc')", 3, 0, 0],
  ["< <(printf '\\xef\\xbb\\xbfa\\n')", 1, 0, 0],
  ["< <(printf 'a\\0b\\n')", 1, 0, 0],
  ["< <(printf '\\xff\\xfe\\xff\\n' | tail -c 2)", 1, 0, 0],
  ["< <(printf 'a'; sleep 0.1; printf 'b\\n')", 1, 0, 0],
  ["< <(printf '\\xc3'; sleep 0.1; printf '\\xbc\\n')", 1, 0, 0],
  ['< utf16', 2, 0, 0],
  ['< utf16be', 2, 0, 0],
  ['< bare16', 0, 2, 2],
  ['< long', 1, 4, 4],
  ['< <(cat two long two)', 5, 4, 4],
  ['< <(cat two; exit 1)', 2, 0, 0],
];

describe.concurrent('stdin', () => {
  test.each(INPUTS)('%s by lines', async (from, lines, code) => {
    const {stdout, code: text} = await run(`$ASK ${from}`);
    expect(text).toBe(code);
    if (code === 0) expect(stdout.split('\n')).toHaveLength(lines + 1);
  });

  test.each(INPUTS)('%s by lines, as JSON', async (from, lines, code) => {
    const result = await run(`$ASK --json ${from}`);
    expect(result.code).toBe(code);
    const objects = result.stdout.trim().split('\n').filter(Boolean);
    expect(objects).toHaveLength(lines === 0 && code !== 0 ? 1 : lines);
    for (const line of objects) expect(typeof JSON.parse(line)).toBe('object');
  });

  test.each(INPUTS)('%s whole', async (from, _lines, _byLines, code) => {
    const result = await run(`$ASK -p - ${from}`);
    expect(result.code).toBe(code);
    if (code !== 0) expect(result).toMatchObject({stdout: '', stderr: expect.stringMatching(/^error: /m)});
    expect(result.stderr).not.toContain('    at ');
  });
});

/** Lines, the exit code, and what stderr or stdout has. */
const LINES: readonly (readonly [line: string, code: number, says?: string])[] = [
  // A disk that is full, whenever it is noticed.
  ...[
    '$MISTRAL --version',
    '$MISTRAL --help',
    '$CHAT --help',
    '$FIM --help',
    '$MISTRAL tokenize --text a',
    `$MISTRAL tokenize --jsonl <<< '{"id": 1, "text": "a"}'`,
    '$MISTRAL list --available',
    '$MISTRAL inspect',
    '$MISTRAL inspect --json',
    '$MISTRAL completion bash',
    '$TOOLS --tools tools.json -p a --dry-run',
    '$ASK -p a',
    '$ASK --json -p a',
    '$ASK --stream-json < two',
    '$ASK < two',
  ].map((line): readonly [string, number, string] => [`${line} >/dev/full`, 1, 'error: ENOSPC']),
  ['$MISTRAL --version >/dev/full 2>&1', 1],
  ['$ASK -p a 2>/dev/full', 0],
  ['$ASK -p a 2>&-', 0],
  ['$ASK -p a >&-', 0, 'note: stdout is closed, so the output is lost'],
  ['$ASK -p a >/dev/null', 0],
  // Readers that leave, and helpers of shells.
  ['set -o pipefail; $MISTRAL --help | head -1', 0, 'Usage'],
  ['yes a 2>/dev/null | head -300 | $ASK | head -1 >/dev/null; exit $((PIPESTATUS[2]))', 0],
  ['set -o pipefail; $ASK < two | tee copy | cat', 0],
  ["printf 'a\\nb\\n' | xargs -n 1 $ASK -p", 0],
  ['nohup $ASK -p a', 0],
  ['timeout 100 $ASK -p a', 0],
  ['(sleep 0.2; echo a) | $ASK', 0],
  ['mkfifo pipe; (cat two > pipe &); $ASK < pipe', 0],
  ['sh -c "$ASK -p a"', 0],
  ['sh -c "echo a | $ASK -p -"', 0],
  ['dash -c "$ASK -p a >/dev/full"', 1, 'error: ENOSPC'],
  // Environments.
  ['env -i $ASK -p a', 0],
  ['env -i SHELL=/bin/sh LOGNAME=x HOME=/ PATH=/usr/bin:/bin LANG=C $ASK -p a', 0],
  ['LC_ALL=C $ASK -p ü', 0],
  ['HOME= $ASK -p a', 0],
  ['HOME=/proc $ASK -p a', 0],
  ['TERM=dumb $ASK -p a', 0],
  ['mkdir gone; cd gone; rmdir ../gone; $MISTRAL --version', 0, 'mistral'],
  ['mkdir left; cd left; rmdir ../left; $ASK -p a', 1, 'error: the folder this was started in is gone'],
  ['ulimit -n 20; $ASK -p a', 1, 'too many open files'],
  ['ulimit -n 30; $ASK -p a', 1, 'too many open files'],
  ['ulimit -n 50; $ASK -p a', 1, 'ulimit -n allows more'],
  ['ulimit -f 0; $ASK -p a >answer', 1, 'ulimit -f'],
  ['ulimit -f 0; $MISTRAL --help >help', 1, 'ulimit -f'],
  ['ulimit -d unlimited -v unlimited -s 1024; $ASK -p a', 0],
  // Prompts that are none, and stdin asked for twice.
  ["$ASK -p ''", 2, 'error: the prompt is empty'],
  ["$ASK -p ' \t'", 2, 'error: the prompt is empty'],
  ["$ASK -p a -p ''", 2, 'error: a part of the prompt is empty'],
  ['false | $ASK -p -', 2, 'error: nothing came on stdin'],
  ['false | $ASK -p "Sum up:" -p -', 2, 'error: nothing came on stdin'],
  ['echo a | $ASK -p - -p -', 2, 'error: stdin can be only one of the texts'],
  ['cat tools.json | $TOOLS --tools - -p -', 2, 'error: stdin can be only one of the texts'],
  ['echo a | $ASK --system @-', 2, 'error: stdin can be only one of the texts'],
  ["$TOOLS --tools tools.json -p ''", 2, 'error: the prompt is empty'],
  ["$FIM --prefix '' --suffix ''", 2, 'error: the prefix and the suffix are empty'],
  ['$FIM --prefix - --suffix "" </dev/null', 2, 'error: the prefix and the suffix are empty'],
  // Input that fits nowhere is refused while it is read.
  ['$ASK -p - < /dev/zero', 4, 'error: stdin has more than 64.0 MB of text'],
  ['yes | $ASK -p -', 4, 'error: stdin has more than 64.0 MB of text'],
  ['$ASK --system @/dev/zero -p a', 4, 'error: /dev/zero has more than 64.0 MB of text'],
  ['$MISTRAL tokenize --request /dev/zero', 4, 'error: /dev/zero has more than 64.0 MB of text'],
  ['$FIM --prefix-file /dev/zero', 4, 'error: /dev/zero has more than 64.0 MB of text'],
  // Flags that would be lost.
  ['$ASK --json --stream-json -p a', 2, "cannot be used with option '--json'"],
  ['$ASK --seed 1 --seed 2 -p a', 0, 'note: --seed is given more than once; the last one counts'],
  ['$ASK --seed 1 --seed 1 -p a', 0],
  ['$ASK --lora-path a --lora-path b -p a', 3, 'note: --lora-path is given more than once; the last one counts'],
  ['$ASK --lora-path "" -p a', 0],
];

describe.concurrent('lines of a shell', () => {
  const rows = LINES.map(([line, code, says = '']) => [line, code, says] as const);
  test.each(rows)('%s', async (line, code, says) => {
    const result = await run(line);
    expect(result).toMatchObject({code});
    expect(result.stdout + result.stderr).toContain(says);
    expect(result.stderr).not.toMatch(/^ {4}at |Node\.js v/m);
  });
});

test('the table is as long as it has been', () => {
  expect(3 * INPUTS.length + LINES.length).toBeGreaterThanOrEqual(107);
});
