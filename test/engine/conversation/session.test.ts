import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {LockOwner} from '../../../src/base/files/lock-owner.ts';
import type {Message} from '../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../src/engine/conversation/session-folder.ts';
import {childProgram, startChild} from '../../fixtures/child-program.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mistral-session-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const user = (content: string): Message => ({role: 'user', content});
const assistant = (content: string): Message => ({role: 'assistant', content});
/** A process as the locks see it; all of them see each other as alive or not. */
const owner = (pid: number, alive = true): LockOwner => ({mark: {host: 'here', pid, start: '1'}, isAlive: () => alive});
const INFO = newSessionInfo('tiny', new Date('2026-01-02T03:04:05Z'));

test('what is said is there after reading, in a file for its owner only', () => {
  const file = join(folder, 'deep', 'a.jsonl');
  const session = new Session(INFO, file);
  const messages: Message[] = [
    {role: 'system', content: 'Be brief.'},
    user('Weather?'),
    {role: 'assistant', toolCalls: [{id: 'abcdefghi', name: 'weather', arguments: '{"a": 1.0}'}]},
    {role: 'tool', content: '21', toolCallId: 'abcdefghi', name: 'weather'},
    {
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'hm', closed: true},
        {type: 'text', text: '21 degrees'},
      ],
    },
  ];
  for (let end = 1; end <= messages.length; end += 1) session.update(messages.slice(0, end));
  expect(Session.read(file).messages).toEqual(messages);
  expect(Session.read(file).info).toEqual(INFO);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
  expect(INFO.id).toMatch(/^20260102-030405-[0-9a-f]{4}$/);
});

test('going back and aside makes branches, and none is lost', () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  session.update([user('a'), assistant('1')]);
  session.update([user('a')]);
  session.update([user('a'), assistant('2')]);
  session.update([user('a'), assistant('2'), user('b'), assistant('3')]);
  session.update([user('a'), assistant('1')]);
  const read = Session.read(file);
  expect(read.messages).toEqual([user('a'), assistant('1')]);
  expect(read.branches).toEqual([
    {current: false, messages: [user('a'), assistant('2'), user('b'), assistant('3')]},
    {current: true, messages: [user('a'), assistant('1')]},
  ]);
  session.update([]);
  expect(Session.read(file).messages).toEqual([]);
});

test('an update that changes nothing writes nothing', () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  session.update([user('a')]);
  const before = readFileSync(file, 'utf8');
  session.update([user('a')]);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a crash in mid-answer keeps what was said, and the cut line harms nobody', () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  session.update([user('a')]);
  session.partial('first line\n');
  session.partial('second');
  appendFileSync(file, '{"type":"partial","text":"cut');
  const read = Session.read(file);
  expect(read.messages).toEqual([user('a'), assistant('first line\nsecond')]);
  read.update([...read.messages, user('b')]);
  expect(Session.read(file).messages).toEqual([user('a'), assistant('first line\nsecond'), user('b')]);
});

test('parts of an answer that did end are not doubled', () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  session.update([user('a')]);
  session.partial('hel');
  session.update([user('a'), assistant('hello')]);
  expect(Session.read(file).messages).toEqual([user('a'), assistant('hello')]);
});

test('garbage between the lines is left out; a file without a head line is no session', () => {
  const file = join(folder, 'a.jsonl');
  new Session(INFO, file).update([user('a')]);
  appendFileSync(
    file,
    'null\n{"type":"message","node":9,"parent":77,"message":{"role":"user","content":"x"}}\n\u0000\n',
  );
  expect(Session.read(file).messages).toEqual([user('a')]);
  writeFileSync(join(folder, 'b.jsonl'), 'hello\n');
  expect(() => Session.read(join(folder, 'b.jsonl'))).toThrow('is no session');
  expect(() => Session.read(join(folder, 'c.jsonl'))).toThrow('cannot be read');
});

test('a folder that cannot be written is a problem to tell, not the end of the chat', () => {
  writeFileSync(join(folder, 'file'), '');
  const session = new Session(INFO, join(folder, 'file', 'a.jsonl'));
  session.update([user('a')]);
  expect(session.problem).toMatchObject({code: 'ENOTDIR'});
  expect(session.messages).toEqual([user('a')]);
});

test('sessions are found by the beginning of their id, the last used one without', () => {
  const sessions = new SessionFolder(folder, owner(1));
  expect(() => sessions.find(undefined)).toThrow('there is no session yet');
  const [first, second] = [sessions.begin('m'), sessions.begin('m')];
  first.update([user('a')]);
  second.update([user('b')]);
  expect(sessions.find(first.info.id)).toBe(first.info.id);
  expect(sessions.list()).toHaveLength(2);
  expect(() => sessions.find('2')).toThrow('several sessions begin with 2');
  expect(() => sessions.find('x')).toThrow('there is no session x');
  sessions.remove(first.info.id);
  expect(sessions.find('2')).toBe(second.info.id);
});

test('a session in use by a living process is copied for a second one, and not removed', () => {
  const of = (pid: number, alive = true) => new SessionFolder(folder, owner(pid, alive));
  const [first, second] = [of(1), of(2)];
  const session = first.begin('m');
  const {id} = session.info;
  session.update([user('a')]);
  expect(() => second.remove(id)).toThrow(`session ${id} is open in a chat`);
  const copy = second.enter(id);
  expect(copy).toMatchObject({copied: true, session: {messages: [user('a')]}});
  expect(copy.session.info.id).not.toBe(id);
  copy.session.update([user('a'), assistant('b')]);
  expect(first.read(id).messages).toEqual([user('a')]);
  expect(of(3, false).enter(id).copied).toBe(false);
});

test('who goes on with another session lets the first one go', () => {
  const [first, second] = [1, 2].map((pid) => new SessionFolder(folder, owner(pid)));
  const session = first?.begin('m');
  session?.update([user('a')]);
  const other = first?.begin('m');
  expect(first?.held).toBe(other);
  expect(second?.enter(session?.info.id ?? '').copied).toBe(false);
});

const CHATS = `
  import {SessionFolder} from './engine/conversation/session-folder.ts';
  const [folder, start] = process.argv.slice(2);
  const held = [];
  for (const [n, id] of new SessionFolder(folder).list().map(({id}) => id).sort().entries()) {
    while (Date.now() < Number(start) + n * 3);
    // A folder of its own for each: one holds one session.
    if (!new SessionFolder(folder).enter(id).copied) held.push(id);
  }
  console.log(JSON.stringify(held));
  process.stdin.resume();
`;

test('two chats that resume the same 200 sessions at the same moments: one of them has each, the other a copy', async () => {
  const file = (n: number) => join(folder, `20260102-030405-${String(n).padStart(4, '0')}.jsonl`);
  for (let n = 0; n < 200; n += 1) {
    writeFileSync(file(n), `${JSON.stringify({type: 'session', format: 1, id: String(n), created: '', model: ''})}\n`);
  }
  const program = childProgram(CHATS);
  const start = String(Date.now() + 1000);
  const chats = [startChild(program, folder, start), startChild(program, folder, start)];
  const held = (await Promise.all(chats.map((chat) => chat.line()))).map((line) => JSON.parse(line ?? '') as string[]);
  for (const chat of chats) chat.process.stdin?.end();
  await Promise.all(chats.map((chat) => chat.ended));
  expect(held.flat().sort()).toEqual(
    Array.from({length: 200}, (_, n) => `20260102-030405-${String(n).padStart(4, '0')}`),
  );
}, 30_000);

test('a session of a chat that was killed is taken over at once', async () => {
  const program = childProgram(`
    import {SessionFolder} from './engine/conversation/session-folder.ts';
    const session = new SessionFolder(process.argv[2]).begin('m');
    session.update([{role: 'user', content: 'a'}]);
    console.log(session.info.id);
    process.stdin.resume();
  `);
  const chat = startChild(program, folder);
  const id = (await chat.line()) ?? '';
  const copies = new SessionFolder(folder);
  expect(copies.enter(id).copied).toBe(true);
  copies.release();
  chat.process.kill('SIGKILL');
  await chat.ended;
  const sessions = new SessionFolder(folder);
  expect(sessions.enter(id)).toMatchObject({copied: false, session: {messages: [user('a')]}});
  // Entered again by the chat that has it already, it is no other chat's.
  expect(sessions.enter(id).copied).toBe(false);
  sessions.release();
  expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
});

test('a chat whose session was taken over on another machine writes no more, and says why', async () => {
  const here = new SessionFolder(folder, owner(1));
  const session = here.begin('m');
  session.update([user('a')]);
  const {id} = session.info;
  const old = Date.now() / 1000 - 30;
  utimesSync(join(folder, `${id}.lock`), old, old);
  const there = new SessionFolder(folder, {...owner(1), mark: {host: 'there', pid: 1, start: '1'}});
  expect(there.enter(id).copied).toBe(false);
  await sleep(2300);
  session.update([user('a'), assistant('b')]);
  expect(session.problem).toMatchObject({message: 'it was continued on another machine'});
  expect(there.read(id).messages).toEqual([user('a')]);
  there.release();
}, 10_000);
