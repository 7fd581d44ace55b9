import {describe, expect, test} from 'vitest';
import {commandItems, parseCommand} from '../../../../src/ui/chat/slash/all-commands.ts';
import {NotedFace, newChat, openChat} from '../../../fakes/chat-face.ts';

/** Those that neither need the model nor change the conversation. */
const ANYTIME = ['help', 'expand', 'keys', 'exit'];
const names = commandItems().map(({label}) => label.slice(1));
const waiting = names.filter((name) => !ANYTIME.includes(name));

/** What each command without an argument says in a chat in which nothing was said. */
const EMPTY: Readonly<Record<string, readonly string[]>> = {
  regen: ['begin', 'end: nothing was said yet (Send a message first.)'],
  continue: ['begin', 'end: there is no answer to continue (Send a message first.)'],
  undo: ['error: there is nothing to take back'],
  edit: ['error: there is no message to change'],
  clear: ['note: a new conversation'],
  fim: ['error: /fim needs a text (/fim def add( <FILL> return sum)'],
  system: ['note: system prompt: none'],
  heat: ['error: there is no answer in words yet'],
  alt: ['error: there is no answer in words yet'],
  branches: ['error: there is one branch only (/regen, /edit, /undo and /alt make others)'],
  load: ['error: chats are not kept here (--no-save)'],
  save: ['error: chats are not kept here (--no-save) (/export FILE writes this one)'],
  temp: ['error: /set temperature needs a value (/set alone shows all of them)'],
  seed: ['error: /set seed needs a value (/set alone shows all of them)'],
  max: ['error: /set max_tokens needs a value (/set alone shows all of them)'],
  effort: ['note: reasoning effort: not set'],
  stats: ['error: there is no answer yet'],
  tokens: ['error: nothing was sent yet'],
  tools: ['note: no tools\n/tools FILE loads a list of {"name", "description", "parameters"}'],
  file: ['error: /file needs a path'],
  export: ['error: /export needs a file name'],
  copy: ['error: there is no answer to copy'],
  expand: ['error: nothing to expand'],
  exit: [],
};
const LONG = ['set', 'model', 'help', 'keys'];

describe('in a chat in which nothing was said', () => {
  test('every command is looked at', () => {
    expect([...Object.keys(EMPTY), ...LONG].sort()).toEqual([...names].sort());
  });

  test.each(Object.keys(EMPTY))('/%s says what there is, or what is missing', async (name) => {
    const {say, core} = await openChat();
    const lines = await say(`/${name}`);
    // Reading an answer again is a turn of its own, which shows its failure.
    const shown = name === 'heat' || name === 'alt' ? lines.map((line) => line.replace(/^end/, 'error')) : lines;
    expect(shown.filter((line) => line !== 'begin' || name === 'regen' || name === 'continue')).toEqual(EMPTY[name]);
    expect(core.conversation.messages).toEqual([]);
  });

  test.each(LONG)('/%s prints a list', async (name) => {
    const {say} = await openChat();
    const [note = '', ...more] = await say(`/${name}`);
    expect(note.split('\n').length).toBeGreaterThan(4);
    expect(more).toEqual([]);
  });
});

test.each(waiting)('/%s waits until the model is loaded', async (name) => {
  const chat = newChat();
  expect(await chat.say(`/${name}`)).toEqual([]);
  expect(chat.core.queued).toBe(1);
  await chat.core.load();
  await chat.core.idle();
  expect(chat.core.queued).toBe(0);
  expect(chat.face.seen().length).toBeGreaterThan(2);
});

test.each(ANYTIME)('/%s runs at once: while the model is loaded, and while it answers', async (name) => {
  const loading = newChat();
  const atOnce = await loading.say(`/${name}`);
  expect(loading.core.queued).toBe(0);

  const {core, face} = await openChat(['one', 'two']);
  let during: string[] = [];
  face.onEvent = (event) => {
    if (event.type !== 'event' || event.event.type !== 'text' || event.event.text !== 'one') return;
    core.submit(`/${name}`);
    // A failure is reported one turn of the loop later.
    void Promise.resolve().then(() => {
      during = face.lines.slice();
    });
  };
  core.submit('hi');
  await core.idle();
  expect(face.lines).toEqual(expect.arrayContaining(atOnce));
  if (name === 'help' || name === 'keys') expect(during).toEqual(expect.arrayContaining(atOnce));
  expect(core.hasLeft).toBe(name === 'exit');
});

test.each(waiting)('/%s waits until the answer has ended', async (name) => {
  const {core, face} = await openChat(['one', 'two']);
  let submitted = false;
  face.onEvent = (event) => {
    if (event.type !== 'event' || event.event.type !== 'text' || submitted) return;
    submitted = true;
    core.submit(`/${name}`);
    expect(core.queued).toBe(1);
  };
  core.submit('hi');
  await core.idle();
  expect(face.seen().slice(0, 5)).toEqual(['said: hi', 'begin', 'text: one', 'text: two', 'end: stop']);
  expect(core.queued).toBe(0);
});

describe('without a prompt that can be written to', () => {
  test.each([
    ['/edit', 'error: /edit needs the screen (/undo takes the last message back; then say it anew)'],
    ['/file a.txt', 'error: /file needs the screen (@PATH in a message attaches the file)'],
    [
      '/keys',
      'error: /keys needs the screen (the terminal itself edits the line; Ctrl+C stops an answer, Ctrl+D leaves)',
    ],
  ])('%s says what to do instead', async (line, shown) => {
    const {say} = await openChat(['A'], {face: new NotedFace(false)});
    await say('hi');
    expect(await say(line)).toEqual([shown]);
  });

  test('/help leaves them out', async () => {
    const {say} = await openChat(['A'], {face: new NotedFace(false)});
    const [help = ''] = await say('/help');
    expect(help).not.toMatch(/^\/(edit|file|keys)/m);
    expect(help).toMatch(/^\/undo/m);
  });
});

test('/expand prints the last paste, thought or result whole, without control characters', async () => {
  const {core, face, say} = await openChat([{type: 'reasoning', text: 'Hm,\n\u001b[2Jlet me see'}, 'Yes.']);
  await say('hi');
  expect(await say('/expand')).toEqual(['rows: Hm,\n[2Jlet me see']);
  core.submit('a\nlong\npaste', '[pasted 3 lines]');
  await core.idle();
  face.seen();
  expect(await say('/expand')).toEqual(['rows: Hm,\n[2Jlet me see']);
});

test('a paste can be expanded while its answer is on the way', async () => {
  const {core, face} = await openChat(['Yes.']);
  core.submit('a\nlong\npaste', '[pasted 3 lines]');
  core.submit('/expand');
  await core.idle();
  expect(face.seen()).toContain('rows: a\nlong\npaste');
});

test('/exit and its other names leave with code 0', async () => {
  for (const line of ['/exit', '/quit', '/bye', '/q', 'exit', 'quit', ':q', '/EXIT']) {
    const {core, say} = await openChat();
    await say(line);
    expect(await core.left).toBe(0);
  }
});

test('a command is a slash and a name; its argument is trimmed and may have lines', () => {
  expect(parseCommand('/system  Be\nbrief. ')).toMatchObject({name: 'system', argument: 'Be\nbrief.', anytime: false});
  expect(parseCommand('/?')?.command?.name).toBe('help');
  expect(parseCommand('/nothing')).toMatchObject({name: 'nothing', command: undefined, anytime: true});
  for (const message of ['//x', 'hi /exit', '/a/b', '/1 + 1 = 2, is it?'.slice(3), 'exit the room']) {
    expect(parseCommand(message)).toBeUndefined();
  }
});
