import {expect, test} from 'vitest';
import type {ShellHost} from '../../../../src/ui/chat/shell-access.ts';
import {NotedFace, openChat, type TestChatOptions} from '../../../fakes/chat-face.ts';

/** A shell that writes its lines down and says them again. */
function noted(code: number | null = 0, output = 'one\ntwo\n') {
  const lines: string[] = [];
  const shell: ShellHost = {
    run: async (line) => {
      lines.push(line);
      return code;
    },
    capture: async (line) => {
      lines.push(`captured: ${line}`);
      return {text: output, isCut: output.length > 20, exitCode: code};
    },
  };
  return {shell, lines};
}

async function withShell(code?: number | null, output?: string, options: TestChatOptions = {}) {
  const {shell, lines} = noted(code, output);
  return {...(await openChat(['ok'], {shell, ...options})), lines};
}

test('a line behind ! runs on the terminal, and the model does not hear of it', async () => {
  const {say, lines, backend, core} = await withShell();
  expect(await say('! ls -la  ')).toEqual(['rows: ! ls -la', 'away']);
  expect(lines).toEqual(['ls -la']);
  expect(backend.calls).toEqual([]);
  expect(core.conversation.messages).toEqual([]);
});

test('how it ended is said where that is not well', async () => {
  expect((await (await withShell(2)).say('!false')).at(-1)).toBe('note: exit code 2');
  expect((await (await withShell(null)).say('!sleep 9')).at(-1)).toBe('note: ended by a signal');
});

test('behind !! the output is put into the prompt as a block that nothing in it ends', async () => {
  const {say, face, lines} = await withShell(1, 'a\n```\nb\n\n');
  expect(await say('!!make')).toEqual([
    'rows: ! make',
    'activity: running make',
    'begin',
    'end: undefined',
    'note: exit code 1',
  ]);
  expect(lines).toEqual(['captured: make']);
  expect(face.draft).toBe('````console\n$ make\na\n```\nb\n````\n');
});

test('a longer output is cut, which is said; a prompt that is not empty stays as it is', async () => {
  const {say, face, lines} = await withShell(0, 'x'.repeat(21));
  expect((await say('!!yes')).at(-1)).toBe('note: the output was longer: its first 64 KiB are in the prompt');
  expect(await say('!!again')).toEqual([
    'error: the prompt is not empty, so the output has no place (Send or clear it first, then run !!again.)',
  ]);
  expect(lines).toEqual(['captured: yes']);
  expect(face.draft).toContain('$ yes');
});

test('what is typed while it runs stays in the prompt; the output is printed', async () => {
  const face = new NotedFace();
  const {shell} = noted();
  const typing: ShellHost = {
    ...shell,
    capture: async () => {
      face.draft = 'typed';
      return {text: 'out\n', isCut: false, exitCode: 0};
    },
  };
  const {say} = await openChat(['ok'], {face, shell: typing});
  expect((await say('!!ls')).at(-1)).toBe('note: ```console\n$ ls\nout\n```');
  expect(face.draft).toBe('typed');
});

test.each(['!', '!!', '! ', '!one\ntwo', ' !ls'])('%j is a message', async (text) => {
  const {say, lines, backend} = await withShell();
  expect(await say(text)).toContain('end: stop');
  expect(lines).toEqual([]);
  expect(backend.calls).toHaveLength(1);
});

test('with --no-shell it is refused, not sent', async () => {
  const {say, backend} = await openChat(['ok']);
  for (const line of ['!ls', '!!ls']) {
    expect(await say(line)).toEqual([
      'error: commands of the shell are off (--no-shell) (To send text that begins with !, put a space before it.)',
    ]);
  }
  expect(backend.calls).toEqual([]);
});

test('without a screen the person is asked once, and nothing runs before they agree', async () => {
  const face = new NotedFace(false);
  const {say, lines} = await withShell(0, '', {face});
  const question = 'pick: run lines that begin with ! in your shell?: yes, also later in this chat | no';
  face.choose = () => 1;
  expect(await say('!ls')).toEqual([question]);
  face.choose = () => undefined;
  expect(await say('!ls')).toEqual([question]);
  expect(lines).toEqual([]);
  face.choose = () => 0;
  expect(await say('!ls')).toEqual([question, 'rows: ! ls', 'away']);
  expect(await say('!pwd')).toEqual(['rows: ! pwd', 'away']);
  expect(await say('!!ls')).toEqual(['error: !! needs the screen (run it with one ! and paste what you need)']);
  expect(lines).toEqual(['ls', 'pwd']);
});
