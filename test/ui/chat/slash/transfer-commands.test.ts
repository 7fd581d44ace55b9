import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {openChat} from '../../../fakes/chat-face.ts';

const folder = mkdtempSync(join(tmpdir(), 'transfer-commands-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const host = {cwd: folder, home: folder, now: () => 0};
const ANSWER = 'Two blocks:\n```sh\necho 1\n```\nand\n```\nplain\n```\n';
const open = () => openChat([ANSWER], {host});

test('/file puts a file into the prompt', async () => {
  writeFileSync(join(folder, 'draft.txt'), 'one\ntwo\n');
  const {say, face} = await open();
  expect(await say('/file draft.txt')).toEqual([]);
  expect(face.draft).toBe('one\ntwo\n');
  await say('/read ~/draft.txt');
  expect(face.draft).toBe('one\ntwo\n');
});

test.each(['/file nosuch.txt', '/file .'])('%s cannot be read, and says so', async (line) => {
  const {say, face} = await open();
  const [error] = await say(line);
  expect(error).toMatch(/^error: cannot read .* \(does it exist, and may you read it\?\)$/);
  expect(face.draft).toBe('');
});

test('/export writes Markdown, or JSON by the name, for the owner alone', async () => {
  const {say} = await open();
  await say('hi');
  expect(await say('/export talk.md')).toEqual(['note: saved to talk.md']);
  expect(readFileSync(join(folder, 'talk.md'), 'utf8')).toBe(`## user\n\nhi\n\n## assistant\n\n${ANSWER}\n`);
  expect(statSync(join(folder, 'talk.md')).mode & 0o777).toBe(0o600);
  await say('/export ~/talk.json');
  expect(JSON.parse(readFileSync(join(folder, 'talk.json'), 'utf8'))).toEqual({
    messages: [
      {role: 'user', content: 'hi'},
      {role: 'assistant', content: ANSWER},
    ],
  });
});

test('/export of an empty chat is an empty file, and a folder that is not there is reported', async () => {
  const {say} = await open();
  expect(await say('/export empty.md')).toEqual(['note: saved to empty.md']);
  expect(readFileSync(join(folder, 'empty.md'), 'utf8')).toBe('');
  expect(await say('/export no/such/talk.md')).toEqual([
    `error: ${folder}/no/such/talk.md cannot be written: there is no folder ${folder}/no/such (Make it, or choose another place.)`,
  ]);
});

test('/raw prints the source of an answer, counted from the last one, without control characters', async () => {
  const answers = ['# One\n', 'Two **bold** \\(x^2\\)\u001b[2J\nmore\n'];
  let turn = 0;
  const {say} = await openChat(() => [answers[turn++] ?? 'none'], {host});
  await say('a');
  await say('b');
  expect(await say('/raw')).toEqual(['rows: Two **bold** \\(x^2\\)[2J\nmore']);
  expect(await say('/raw 2')).toEqual(['rows: # One']);
  for (const argument of ['3', '0', '-1', '1.5', 'all']) {
    expect(await say(`/raw ${argument}`)).toEqual([
      `error: there is no answer ${argument}; this chat has 2 (1 is the last one, 2 the one before it)`,
    ]);
  }
});

test('/copy takes the last answer, or one of its code blocks', async () => {
  const {say, face} = await open();
  await say('hi');
  expect(await say('/copy')).toEqual([`note: copied ${ANSWER.length} characters`]);
  expect(await say('/copy 1')).toEqual(['note: copied 7 characters']);
  await say('/copy 2');
  expect(face.copied).toEqual([ANSWER, 'echo 1\n', 'plain\n']);
});

test.each(['/copy 3', '/copy 0', '/copy all'])('%s is no block of the answer', async (line) => {
  const {say, face} = await open();
  await say('hi');
  expect(await say(line)).toEqual([
    `error: there is no code block ${line.slice('/copy '.length)}; the last answer has 2`,
  ]);
  expect(face.copied).toEqual([]);
});

test('/copy where the terminal cannot says what else to do', async () => {
  const {say, face} = await open();
  await say('hi');
  face.canCopy = false;
  expect(await say('/copy')).toEqual([
    'error: your terminal cannot copy this (too long, or not supported) (save it with /export FILE)',
  ]);
});
