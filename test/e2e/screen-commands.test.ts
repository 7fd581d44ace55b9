import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {chatPrograms} from './harness/chat-app.ts';

const {chat, folder} = chatPrograms();

test('the talk can be taken back, answered again, changed and begun anew', async () => {
  const program = chat({});
  await program.see('ready');
  program.type('one\r');
  await program.see('You said: one');
  program.type('/regen\r');
  await program.until(() => program.text().split('You said: one').length === 3, 'the second answer');
  program.type('/undo\r');
  await program.see('removed: one');
  program.type('two\r');
  await program.see('You said: two');
  program.type('/edit\r');
  await program.see(/^> two$/m);
  program.type('!\r');
  await program.see('You said: two!');
  program.type('/branches\r');
  await program.see('branches of this chat');
  program.type('\x1b[B\r');
  await program.see(/You said: two\n\n/);
  program.type('/clear\r');
  await program.see('a new conversation');
  program.type('/undo\r');
  await program.see('there is nothing to undo');
});

test('settings are checked, shown and used', async () => {
  const program = chat({reply: 'word '.repeat(50)});
  await program.see('ready');
  program.type('/set temperature 101\r');
  await program.see('temperature is a number from 0 to 100, not 101');
  program.type('/set max_tokens 3\r');
  await program.see('max_tokens = 3');
  program.type('go\r');
  await program.see('cut off at the length limit');
  program.type('/stats\r');
  await program.see('answer     3 tokens');
  program.type('/system Be brief.\r');
  await program.see('system prompt set');
  program.type('/system\r');
  await program.see('system prompt: Be brief.');
});

test('files go in and conversations go out', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'note.txt'), 'the secret is 42\n');
  const program = chat({}, {cwd});
  await program.see('ready');
  program.type('read @not');
  await program.see('> note.txt');
  program.type('\t\r');
  await program.see('attached note.txt (2 lines)');
  await program.see('the secret is 42');
  program.type('/export talk.md\r');
  await program.see('saved to talk.md');
  program.type('/export talk.json\r');
  await program.see('saved to talk.json');
  expect(readFileSync(join(cwd, 'talk.md'), 'utf8')).toContain('## user\n\nread @note.txt');
  const {messages} = JSON.parse(readFileSync(join(cwd, 'talk.json'), 'utf8'));
  expect(messages.map((message: {role: string}) => message.role)).toEqual(['user', 'assistant']);
  program.type('/export missing/talk.md\r');
  await program.see('missing/talk.md cannot be written');
  program.type('/copy\r');
  await program.see('copied');
  expect(program.output).toContain('\x1b]52;c;');
});

test('the editor of the person writes the message', async () => {
  const cwd = folder();
  const editor = join(cwd, 'editor.sh');
  writeFileSync(editor, '#!/bin/sh\nprintf "%s from the editor" "$(cat "$1")" > "$1.new" && mv "$1.new" "$1"\n', {
    mode: 0o755,
  });
  const program = chat({}, {env: {VISUAL: editor}});
  await program.see('ready');
  program.type('words\x07');
  await program.see('> words from the editor');
  program.type('\r');
  await program.see('You said: words from the editor');
});

test('what was sent is found again in the next chat', async () => {
  const history = join(folder(), 'history.jsonl');
  const first = chat({history});
  await first.see('ready');
  first.type('find me later\rsomething else\r');
  await first.see('You said: something else');
  first.type('\x04');
  await first.exited();
  const second = chat({history});
  await second.see('ready');
  second.type('\x12');
  await second.see('search your earlier messages');
  second.type('later\r');
  await second.see(/^> find me later$/m);
});

test('help lists every command; colour can be switched off', async () => {
  const program = chat({}, {rows: 60, env: {NO_COLOR: '1'}});
  await program.see('ready');
  program.type('/help\r');
  await program.see('/keys lists the keys');
  expect(program.output).not.toMatch(/\x1b\[(\d+;)*3[0-7]m/);
});

test('help keeps within a narrow terminal', async () => {
  const program = chat({}, {columns: 40, rows: 20});
  await program.see('ready');
  program.type('/help\r');
  await program.see(/\/keys\s+lists\s+the\s+keys,\s+\/help\s+all\s+the\s+rest\./);
  expect(program.text()).toMatch(/^talk:\n\/regen {5}answer your last message\n {11}again$/m);
});

test('a message with a file that cannot be attached is not sent: it stays in the prompt', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'photo.png'), 'PNG\0');
  const program = chat({}, {cwd});
  await program.see('ready');
  program.type('what is @photo.png');
  await program.see('> what is @photo.png');
  program.type('\r');
  await program.see('could not attach photo.png: it is not a text file');
  await program.see(/^> what is @photo\.png$/m);
  expect(program.text()).not.toContain('You said');
});
