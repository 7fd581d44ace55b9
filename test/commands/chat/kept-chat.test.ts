import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {KeptChat} from '../../../src/commands/chat/kept-chat.ts';

const folder = mkdtempSync(join(tmpdir(), 'kept-chat-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

test('a chat that goes on without being saved is told from where it was', () => {
  const host = {env: {MISTRAL_STATE_DIR: folder}, say: () => {}};
  const user = (content: string) => ({role: 'user', content}) as const;
  const first = new KeptChat(host, {resume: undefined, save: true});
  first.session.update([user('a'), user('b'), user('c')], {left: 2});
  first.release();
  const again = new KeptChat(host, {resume: true, save: false});
  expect(again.session.messages).toHaveLength(3);
  expect(again.session.window).toEqual({left: 2});
});
