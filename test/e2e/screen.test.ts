import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {chatPrograms} from './harness/chat-app.ts';

const {chat, shell, command, folder} = chatPrograms();

const PROMPT = /^> Type a message/;
/** The line below an answer, with figures. */
const ENDED = /^\d+ tok · /m;
const prompts = (lines: readonly string[]) => lines.filter((line) => PROMPT.test(line)).length;

test('the answer stands in the scrollback as it was said, below the lines of the shell', async () => {
  const reply = Array.from({length: 60}, (_, index) => `line ${index} with **bold** and \`code\` 日本 👍`).join('\n');
  const program = shell({rows: 12});
  program.type('echo earlier-shell-line\r');
  await program.see(/^earlier-shell-line/m);
  program.type(`${command({reply, tokensPerSecond: 800, stats: 'on'})}\r`);
  await program.see('> Type a message');
  program.type('go\r');
  await program.see(ENDED);
  program.type('/exit\r');
  await program.see(/\$ $/);
  const lines = program.lines();
  expect(lines.filter((line) => line.startsWith('line '))).toEqual(
    Array.from({length: 60}, (_, index) => `line ${index} with bold and code 日本 👍`),
  );
  expect(lines).toContain('earlier-shell-line');
  expect(prompts(lines)).toBe(0);
  expect(program.output).not.toMatch(/\x1b\[[23]J|\x1b\[\?1049h|\x1b\[\?100[0-35-6]h/);
});

test('what is typed while the model loads and while it answers is sent in its order', async () => {
  const program = chat({loadMs: 500, tokensPerSecond: 30});
  await program.see('loading');
  program.type('first\rsec');
  await program.see('1 waiting');
  await program.see('You said: fi');
  program.type('ond\rthird');
  await program.see('You said: second');
  await program.see(/^> third$/m);
  expect(program.text()).toMatch(/▌ first\nYou said: first\n[\s\S]*▌ second\nYou said: second/);
  program.type('\x03\x04');
  expect(await program.exited()).toBe(0);
});

test('one prompt and no ghosts after resizing, also while an answer streams', async () => {
  const reply = 'some words that go on '.repeat(60);
  const program = chat({reply, tokensPerSecond: 60, stats: 'on'}, {columns: 100, rows: 20});
  await program.see('> Type a message');
  program.type('go\r');
  await program.see('some words');
  for (const [columns, rows] of [
    [60, 20],
    [43, 14],
    [90, 30],
    [40, 10],
    [80, 24],
  ] as const) {
    await program.resize(columns, rows);
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  await program.see(ENDED);
  await program.see('ready');
  const lines = program.lines();
  expect(prompts(lines)).toBe(1);
  expect(lines.filter((line) => line.includes('answering'))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('ready'))).toHaveLength(1);
  expect(lines.join(' ').match(/some words that go on/g)).toHaveLength(60);
});

test('a paste of 500 lines is folded, sent whole, and deleted by one key', async () => {
  const pasted = Array.from({length: 500}, (_, index) => `row ${index}`).join('\r');
  const program = chat({tokensPerSecond: 20_000, stats: 'on'});
  await program.see('ready');
  program.paste(pasted);
  await program.see('> [paste 1: 500 lines]');
  program.type('\x7f');
  await program.see('> Type a message');
  program.paste(pasted);
  await program.see('[paste 2: 500 lines]');
  program.type(' end\r');
  await program.see(ENDED);
  expect(program.text()).toContain('▌ [paste 2: 500 lines] end');
  expect(program.text()).toContain('You said: row 0');
  expect(program.text()).toContain('row 499 end');
  program.type('\x0f');
  await program.until(() => program.text().split('row 250').length === 3, 'the expanded paste');
});

test('Esc and Ctrl-C stop the answer and keep what was said; twice Ctrl-C leaves', async () => {
  const program = chat({reply: 'word '.repeat(2000), tokensPerSecond: 100});
  await program.see('ready');
  program.type('one\r');
  await program.see('word word');
  program.type('\x1b');
  await program.see('stopped (/continue');
  program.type('two\r');
  await program.see('▌ two\nword word');
  program.type('\x03');
  await program.until(() => program.text().split('stopped (/continue').length === 3, 'the second stop');
  program.type('draft\x03');
  await program.see('> Type a message');
  program.type('\x03');
  await program.see('press Ctrl+C again to quit');
  program.type('\x03');
  expect(await program.exited()).toBe(0);
  expect(program.output.endsWith('\x1b[?2004l\x1b[?25h')).toBe(true);
});

test('Ctrl-C twice while the model loads leaves with 130', async () => {
  const program = chat({loadMs: 60_000});
  await program.see('loading');
  // Both at once: on a slow machine the second would come after the time the first one is good for.
  program.type('\x03\x03');
  expect(await program.exited()).toBe(130);
  expect(program.output).toContain('press Ctrl+C again');
});

test('Ctrl-Z gives the terminal to the shell, fg brings the chat back', async () => {
  const program = shell();
  await program.see('$ ');
  program.type(`${command({})}\r`);
  await program.see('ready');
  program.type('half a mess\x1a');
  await program.see('Stopped');
  program.type('echo shell-is-here; stty -a | grep -c -- " icanon"\r');
  await program.see(/^shell-is-here\n1$/m);
  program.type('fg\r');
  await program.see(/> half a mess$/m);
  program.type('age\r');
  await program.see('You said: half a message');
});

test('an unknown command is not sent, the nearest is named, two slashes escape', async () => {
  const program = chat({});
  await program.see('ready');
  program.type('/hlep\r');
  await program.see('unknown command /hlep');
  await program.see('Did you mean /help?');
  program.type('//path is a path\r');
  await program.see('You said: /path is a path');
});

test('the caret is where the text is typed, also behind wide characters', async () => {
  const program = chat({});
  await program.see('ready');
  program.type('日本👍e\u0301x');
  await program.see('> 日本👍e\u0301x');
  await program.until(() => program.cursor().column === 2 + 6 + 2, 'the caret behind the text');
  program.type('\x1b[D\x1b[D\x1b[D');
  await program.until(() => program.cursor().column === 2 + 4, 'the caret before the emoji');
});

test('a terminal of 40x10, and one of 3 rows, show a whole chat', async () => {
  for (const size of [
    {columns: 40, rows: 10},
    {columns: 20, rows: 3},
  ]) {
    const program = chat({reply: `${'ten words '.repeat(30)}end`, tokensPerSecond: 500}, size);
    await program.see('> Type');
    program.type('go\r');
    await program.see(/\bend\n/);
    await program.until(() => program.cursor().line.startsWith('> '), 'the prompt');
    expect(
      program
        .text()
        .replaceAll(/\s+/g, ' ')
        .match(/ten words/g),
    ).toHaveLength(30);
    program.type('\x04');
    expect(await program.exited()).toBe(0);
  }
});

test('after kill -9 in mid-answer the chat goes on with what was said', async () => {
  const session = join(folder(), 'killed.jsonl');
  const reply = Array.from({length: 400}, (_, index) => `line ${index}`).join('\n');
  const program = chat({reply, session, tokensPerSecond: 200});
  await program.see('ready');
  program.type('count\r');
  await program.see('line 12');
  program.kill('SIGKILL');
  await program.exited();
  // The last row may be cut inside its number, so the largest one counts.
  const shown = Math.max(...program.lines().map((line) => Number(/^line (\d+)$/.exec(line)?.[1] ?? 0)));
  const resumed = chat({session});
  await resumed.see(/▌ count\nline 0\nline 1\n/);
  await resumed.see(`line ${shown - 2}`);
  resumed.type('and on\r');
  await resumed.see('You said: and on');
  expect(
    readFileSync(session, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"role":"user"')),
  ).toHaveLength(2);
});

test('garbage, half sequences and replies of the terminal do no harm', async () => {
  const program = chat({});
  await program.see('ready');
  program.type('a\x1b[1;\x1b]11;rgb:1/2/3\x07\x1b[200;1\x1b[?62cb\x1bP1\x1b\\\x00\x1b[99999999999999999999999999~c');
  await program.see('> abc');
  program.type('\r');
  await program.see('You said: abc');
});

test('a vanished terminal ends the chat', async () => {
  const program = chat({reply: 'word '.repeat(2000), tokensPerSecond: 100});
  await program.see('ready');
  program.type('go\r');
  await program.see('word word');
  program.kill('SIGHUP');
  expect(await program.exited()).toBe(129);
});

test('with reduced motion rows come when they are finished, and no figure runs', async () => {
  const reply = Array.from({length: 12}, (_, index) => `row number ${index}`).join('\n');
  const program = chat({reply, still: true, tokensPerSecond: 60, stats: 'on'});
  await program.see('ready');
  program.type('go\r');
  await program.see(ENDED);
  const written = program.output.replaceAll(/\x1b\[[\d;?]*[a-zA-Z]/g, ' ');
  expect(written.match(/row number \d+/g)).toHaveLength(12);
  expect(written.match(/row /g)).toHaveLength(12);
  expect(written).toMatch(/reading the prompt|answering/);
  expect(written).not.toMatch(/\d tok[^\r\n]*Esc to stop/);
});
