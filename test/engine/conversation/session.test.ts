import {execFileSync} from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {type LockOwner, thisProcess} from '../../../src/base/files/lock-owner.ts';
import type {Message} from '../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../src/engine/conversation/session-folder.ts';
import {byLastUse, noteUse} from '../../../src/engine/conversation/used-order.ts';
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
  const file = join(folder, 'deep', `${INFO.id}.jsonl`);
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

test('garbage between the lines is left out; a file in which nothing can be read is no session', () => {
  const file = join(folder, 'a.jsonl');
  new Session(INFO, file).update([user('a')]);
  appendFileSync(file, 'null\n{"type":"message","node":9,"parent":1,"message":{"role":"none"}}\n\u0000\n');
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

test('a message is in the file from the moment it is sent, and given back when the model has not read it', () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  const first = session.queue('one');
  session.queue('two');
  expect(Session.read(file)).toMatchObject({waiting: ['one', 'two'], givenBack: ['one', 'two'], messages: []});
  session.sending(first);
  session.update([user('one with a file')]);
  expect(Session.read(file).waiting).toEqual(['two']);
  session.update([user('one with a file'), assistant('1')]);
  const read = Session.read(file);
  expect(read.waiting).toEqual(['two']);
  // Until something else is sent in its place.
  expect(Session.read(file).givenBack).toEqual(['two']);
  read.queue('two, changed');
  expect(Session.read(file).waiting).toEqual(['two, changed']);
});

test("a message that was refused or taken back is the person's until the next is sent", () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  const [first, second] = [session.queue('refused'), session.queue('waits')];
  session.sending(first);
  session.giveBack([first]);
  expect(session.givenBack).toEqual(['refused']);
  session.sending(second);
  session.update([user('waits')]);
  expect(Session.read(file).waiting).toEqual(['refused']);
  session.queue('next');
  expect(Session.read(file).waiting).toEqual(['next']);
});

test("what waits is said in another chat: it is no longer this one's", () => {
  const file = join(folder, 'a.jsonl');
  const session = new Session(INFO, file);
  session.drop([session.queue('one')]);
  expect(Session.read(file).waiting).toEqual([]);
});

test('files and folder are for their owner alone, also those that were wider; what a link leads to is left alone', () => {
  const state = join(folder, 'sessions');
  mkdirSync(state, {mode: 0o755});
  chmodSync(state, 0o755);
  const names = ['a.jsonl', 'a.kv', 'a.kv.json', 'last-used'];
  for (const name of names) writeFileSync(join(state, name), '', {mode: 0o644});
  const outside = join(folder, 'outside');
  writeFileSync(outside, '', {mode: 0o644});
  symlinkSync(outside, join(state, 'link.jsonl'));
  writeFileSync(join(state, 'notes.txt'), '', {mode: 0o644});
  new SessionFolder(state).keepPrivate();
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  expect(mode(state)).toBe('700');
  expect(names.map((name) => mode(join(state, name)))).toEqual(['600', '600', '600', '600']);
  expect([mode(outside), mode(join(state, 'notes.txt'))]).toEqual(['644', '644']);
});

test('neither a folder, a pipe, an empty file nor a link that leads nowhere is a session, and none of them stops the list', () => {
  new Session(INFO, join(folder, 'good.jsonl')).update([user('a')]);
  mkdirSync(join(folder, 'folder.jsonl'));
  writeFileSync(join(folder, 'empty.jsonl'), '');
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.jsonl'));
  symlinkSync(join(folder, 'circle.jsonl'), join(folder, 'circle.jsonl'));
  execFileSync('sh', ['-c', 'mkfifo pipe.jsonl'], {cwd: folder});
  symlinkSync(join(folder, 'good.jsonl'), join(folder, 'linked.jsonl'));
  expect(
    new SessionFolder(folder)
      .list()
      .map(({id}) => id)
      .sort(),
  ).toEqual(['good', 'linked']);
});

test('a folder that is a file or cannot be read is said, not taken for an empty one', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => new SessionFolder(join(folder, 'file')).list()).toThrow(
    `${join(folder, 'file')} cannot be read: a part of its path is not a folder`,
  );
  expect(() => new SessionFolder(join(folder, 'file', 'deeper')).find(undefined)).toThrow('cannot be read');
  expect(new SessionFolder(join(folder, 'none')).list()).toEqual([]);
});

test('a lock that names a process number in use by another process now does not hold a session', () => {
  const sessions = new SessionFolder(folder);
  for (const lock of [
    {...thisProcess.mark, start: '1'},
    {...thisProcess.mark, pid: 1, start: '1'},
  ]) {
    new Session(INFO, join(folder, 'a.jsonl')).update([user('a')]);
    writeFileSync(join(folder, 'a.lock'), JSON.stringify(lock));
    sessions.remove('a');
    expect(readdirSync(folder).filter((name) => name.startsWith('a.'))).toEqual([]);
  }
});

test('the chats of two processes at once are in the order in which they were used', () => {
  const [one, two] = [new SessionFolder(folder, owner(1)), new SessionFolder(folder, owner(2))];
  const use = (sessions: SessionFolder, text: string) => {
    sessions.held?.update([...sessions.held.messages, user(text)]);
    sessions.noteUse();
  };
  const [first, second] = [one.begin('m').info.id, two.begin('m').info.id];
  use(one, 'a');
  use(two, 'b');
  expect(one.find(undefined)).toBe(second);
  use(one, 'c');
  expect(two.list().map(({id}) => id)).toEqual([first, second]);
});

test.each([
  ['forward', Date.parse('2099-01-01T00:00:00Z')],
  ['back', Date.parse('2001-01-01T00:00:00Z')],
])('a clock that went %s for a while pins no chat and hides none', (_, wrong) => {
  const sessions = new SessionFolder(folder, owner(1));
  const ids = ['a', 'b', 'c'].map((text) => {
    const session = sessions.begin('m');
    session.update([user(text)]);
    sessions.noteUse();
    return session.info.id;
  });
  const [first = '', second = '', third = ''] = ids;
  for (const at of [first, second, third]) {
    utimesSync(sessions.fileOf(at), wrong / 1000, wrong / 1000);
    expect(sessions.list().map(({id}) => id)).toEqual([third, second, first]);
  }
  // Looked at again, the first is the last.
  sessions.enter(first);
  expect(sessions.find(undefined)).toBe(first);
  for (const {changed} of sessions.list()) expect(changed).toBeLessThanOrEqual(Date.now());
});

test('chats that nobody noted have their place by time; one from the time to come by when it began', () => {
  const at = (id: string, time: string) => {
    new Session({...INFO, id}, join(folder, `${id}.jsonl`)).update([user('a')]);
    utimesSync(join(folder, `${id}.jsonl`), Date.parse(time) / 1000, Date.parse(time) / 1000);
  };
  at('20260102-030405-0001', '2026-01-02T04:00:00Z');
  at('20260102-030405-0002', '2099-01-02T04:00:00Z');
  at('20260102-030405-0003', '2026-01-02T04:00:00Z');
  at('copied', '2099-01-02T04:00:00Z');
  expect(new SessionFolder(folder).list()).toEqual([
    {id: '20260102-030405-0003', changed: Date.parse('2026-01-02T04:00:00Z')},
    {id: '20260102-030405-0001', changed: Date.parse('2026-01-02T04:00:00Z')},
    {id: '20260102-030405-0002', changed: Date.parse('2026-01-02T03:04:05Z')},
    {id: 'copied', changed: 0},
  ]);
});

test('the order of use stays short, whatever its file has become', () => {
  const file = join(folder, 'last-used');
  writeFileSync(file, '\0\xff garbage\nb\n');
  noteUse(file, 'a');
  const entries = [
    {id: 'b', changed: 2},
    {id: 'a', changed: 1},
  ];
  expect(byLastUse(entries, file).map(({id}) => id)).toEqual(['a', 'b']);
  writeFileSync(file, `${'a\nb\n'.repeat(50_000)}c\n`);
  noteUse(file, 'a');
  expect(readFileSync(file, 'utf8')).toBe('b\nc\na\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
