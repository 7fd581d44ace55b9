// Kept chats of any length: opening, listing, exporting and going on grow with the file, not with its square.
import {statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {exportText} from '../../../src/engine/conversation/export-text.ts';
import {Session} from '../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../src/engine/conversation/session-folder.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {expectLinear} from '../../fixtures/growth.ts';

const HEAD = '{"type":"session","format":1,"id":"a","created":"2026-01-02T03:04:05.000Z","model":"m"}\n';
const line = (node: number, parent: number, content: string) =>
  `${JSON.stringify({type: 'message', node, parent, message: {role: node % 2 ? 'user' : 'assistant', content}})}\n`;
const each = (count: number, make: (index: number) => string) =>
  Array.from({length: count}, (_, index) => make(index + 1)).join('');

/** Files by how many of something they hold. */
const FILES: Readonly<Record<string, readonly [make: (count: number) => string, count: number]>> = {
  'many messages': [(count) => each(count, (node) => line(node, node - 1, 'a few words')), 200],
  'long messages': [(count) => each(4, (node) => line(node, node - 1, 'words\n'.repeat(count))), 3000],
  'pieces of one answer': [
    (count) => line(1, 0, 'a') + each(count, () => '{"type":"partial","text":"some words\\n"}\n'),
    300,
  ],
  'messages that wait': [(count) => each(count, (id) => `{"type":"queued","id":${id},"text":"a"}\n`), 300],
  'branches from the start': [(count) => each(count, (node) => line(node, 0, `${node}`)), 200],
  'damaged lines': [(count) => line(1, 0, 'a') + '{"type":"mess\n'.repeat(count), 200],
  'lines without an end between them': [(count) => each(count, (node) => line(node, node - 1, 'a').trimEnd()), 200],
  'lost parents': [(count) => each(count, (node) => line(2 * node + 1, 2 * node, 'a')), 200],
};

describe.each(Object.entries(FILES))('%s', (_name, [make, count]) => {
  test('is read, listed and exported', () => {
    const folder = folderWith();
    expectLinear((size) => {
      const file = join(folder, `${size}.jsonl`);
      if (!statSync(file, {throwIfNoEntry: false})) writeFileSync(file, HEAD + make(size));
      const {messages} = Session.read(file);
      new SessionFolder(folder).list();
      exportText(messages, false);
      exportText(messages, true);
    }, count);
  });
});

test('a chat goes on at the same price, turn by turn', () => {
  const folder = folderWith();
  expectLinear((size) => {
    const session = new SessionFolder(folder).begin('m');
    const messages: {role: 'user'; content: string}[] = [];
    for (let turn = 0; turn < size; turn++) {
      messages.push({role: 'user', content: `${turn}`});
      session.update([...messages]);
    }
    expect(session.messages).toHaveLength(size);
  }, 100);
});
