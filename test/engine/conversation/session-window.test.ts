import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Message} from '../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../src/engine/conversation/session-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-window-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const user = (content: string): Message => ({role: 'user', content});
const assistant = (content: string): Message => ({role: 'assistant', content});
const TALK = [user('a'), assistant('A'), user('b'), assistant('B'), user('c'), assistant('C')];
const SUMMARY = [user('Sum up.'), assistant('a and b')];

const lastLines = (file: string, count: number) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => JSON.parse(line));

function newSession() {
  const file = join(folder, 'chat.jsonl');
  return {file, session: new Session(newSessionInfo('tiny'), file)};
}

test('where the model is told to begin is a line, and nothing is removed', () => {
  const {file, session} = newSession();
  session.update(TALK);
  session.update(TALK, {left: 2});
  expect(lastLines(file, 1)).toEqual([{type: 'window', from: 3}]);
  session.update(TALK, {left: 2});
  expect(lastLines(file, 1)).toEqual([{type: 'window', from: 3}]);
  expect(readFileSync(file, 'utf8').match(/"window"/g)).toHaveLength(1);
  const read = Session.read(file);
  expect(read.window).toEqual({left: 2});
  expect(read.messages).toEqual(TALK);
  expect(read.damage).toBeUndefined();
});

test('a summary is an exchange beside the chat: no branch, not at its end, and told again after reading', () => {
  const {file, session} = newSession();
  session.update(TALK);
  session.update(TALK, {left: 4, summary: SUMMARY});
  expect(lastLines(file, 4)).toEqual([
    {type: 'message', node: 7, parent: 6, message: {role: 'user', content: 'Sum up.'}},
    {type: 'message', node: 8, parent: 7, message: {role: 'assistant', content: 'a and b'}},
    {type: 'head', node: 6},
    {type: 'window', from: 5, summary: 8},
  ]);
  for (const one of [session, Session.read(file)]) {
    expect(one.messages).toEqual(TALK);
    expect(one.window).toEqual({left: 4, summary: SUMMARY});
    expect(one.branches).toEqual([{current: true, messages: TALK, window: {left: 4, summary: SUMMARY}}]);
  }
});

test('a later cut goes on with the summary, which is written once', () => {
  const {file, session} = newSession();
  session.update(TALK);
  session.update(TALK, {left: 2, summary: SUMMARY});
  session.update(TALK, {left: 4, summary: SUMMARY});
  expect(lastLines(file, 1)).toEqual([{type: 'window', from: 5, summary: 8}]);
  expect(readFileSync(file, 'utf8').match(/Sum up/g)).toHaveLength(1);
});

test('a summary that is taken back, and a system prompt that comes later', () => {
  const {file, session} = newSession();
  session.update(TALK);
  session.update(TALK, {left: 4, summary: SUMMARY});
  session.update(TALK, undefined);
  expect(Session.read(file).window).toBeUndefined();
  const withSystem = [{role: 'system', content: 'Be brief.'} as const, ...TALK];
  session.update(withSystem, {left: 2});
  const read = Session.read(file);
  expect(read.messages).toEqual(withSystem);
  expect(read.window).toEqual({left: 2});
});

test('each branch has its own window; a step back behind its first message leaves it', () => {
  const {file, session} = newSession();
  session.update(TALK, {left: 4});
  session.update(TALK.slice(0, 4));
  expect(Session.read(file).window).toBeUndefined();
  const other = [...TALK.slice(0, 4), user('d'), assistant('D')];
  session.update(other);
  expect(Session.read(file).branches.map(({window}) => window)).toEqual([undefined, {left: 4}]);
});

test('what the person says as the request for a summary said it is a message of the chat', () => {
  const {file, session} = newSession();
  session.update(TALK, {left: 4, summary: SUMMARY});
  const more = [...TALK, ...SUMMARY];
  session.update(more, {left: 4, summary: SUMMARY});
  expect(Session.read(file).messages).toEqual(more);
  expect(Session.read(file).window).toEqual({left: 4, summary: SUMMARY});
  session.update(TALK.slice(0, 2));
  expect(session.branches.map(({messages}) => messages)).toContainEqual(more);
});

test('a window whose message is lost is none, one whose summary is lost begins where it did', () => {
  const {file, session} = newSession();
  session.update(TALK, {left: 4, summary: SUMMARY});
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const without = (text: string) => {
    writeFileSync(file, `${lines.filter((line) => !line.includes(text)).join('\n')}\n`);
    return Session.read(file).window;
  };
  expect(without('"node":8')).toEqual({left: 4});
  writeFileSync(file, `${[...lines, '{"type":"window","from":99}', '{"type":"window","from":"x"}'].join('\n')}\n`);
  const read = Session.read(file);
  expect(read.window).toEqual({left: 4, summary: SUMMARY});
  expect(read.damage).toBe('1 damaged line was left out');
});

test('a file that was removed under the chat has its window again, and a copy has it too', () => {
  const sessions = new SessionFolder(folder);
  const session = sessions.begin('tiny');
  const file = sessions.fileOf(session.info.id);
  session.update(TALK, {left: 4, summary: SUMMARY});
  rmSync(file);
  session.update([...TALK, user('d')], {left: 4, summary: SUMMARY});
  expect(Session.read(file).window).toEqual({left: 4, summary: SUMMARY});
  const other = new SessionFolder(folder, {mark: {host: 'here', pid: 1, start: '1'}, isAlive: () => true});
  const {session: copy, copied} = other.enter(session.info.id);
  expect(copied).toBe(true);
  expect(copy.window).toEqual({left: 4, summary: SUMMARY});
});
