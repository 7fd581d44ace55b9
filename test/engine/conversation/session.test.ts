import {appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Message} from '../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../src/engine/conversation/session-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mistral-session-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const user = (content: string): Message => ({role: 'user', content});
const assistant = (content: string): Message => ({role: 'assistant', content});
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
  const sessions = new SessionFolder(folder, {pid: 1, isAlive: () => true});
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
  const of = (pid: number, alive = true) => new SessionFolder(folder, {pid, isAlive: () => alive});
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
  const [first, second] = [1, 2].map((pid) => new SessionFolder(folder, {pid, isAlive: () => true}));
  const session = first?.begin('m');
  session?.update([user('a')]);
  const other = first?.begin('m');
  expect(first?.held).toBe(other);
  expect(second?.enter(session?.info.id ?? '').copied).toBe(false);
});
