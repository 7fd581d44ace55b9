import {describe, expect, test} from 'vitest';
import {SessionFolder} from '../../../../src/engine/conversation/session-folder.ts';
import {commandItems, parseCommand} from '../../../../src/ui/chat/slash/all-commands.ts';
import {NotedFace, newChat, openChat} from '../../../fakes/chat-face.ts';
import {folderWith} from '../../../fixtures/folder.ts';

/** Those that neither need the model nor change the conversation. */
const ANYTIME = ['help', 'expand', 'keys', 'exit'];
const names = commandItems().map(({label}) => label.slice(1));
const waiting = names.filter((name) => !ANYTIME.includes(name));

/** Those that take something, each with something they do not take. */
const REFUSED: Readonly<Record<string, string>> = {
  set: 'warmth 3',
  model: 'another',
  temp: 'hot',
  seed: 'x',
  max: '-3',
  heat: 'on',
  alt: 'x',
  load: 'nosuch',
  export: '/no/such/folder/a.md',
  file: 'nosuch.txt',
  copy: 'all',
  raw: '0',
  tools: 'add=x y',
  help: 'nosuch',
};
/** Those that take any text. */
const ANY_TEXT = ['compact', 'fim', 'system', 'effort'];

/** What each command without an argument says in a chat in which nothing was said. */
const EMPTY: Readonly<Record<string, readonly string[]>> = {
  regen: ['begin', 'end: nothing was said yet (Send a message first.)'],
  continue: ['begin', 'end: there is no answer to continue (Send a message first.)'],
  undo: ['error: there is nothing to undo'],
  edit: ['error: there is no message to edit'],
  clear: ['note: a new conversation'],
  compact: ['begin', 'end: there is nothing to sum up yet (It takes two turns.)'],
  fim: ['error: /fim needs some text (/fim def add( <FILL> return sum)'],
  system: ['note: system prompt: none'],
  heat: ['error: there is no text answer yet'],
  alt: ['error: there is no text answer yet'],
  branches: ['error: this chat has only one branch (/regen, /edit, /undo and /alt create branches)'],
  load: ['error: chats are not being saved (--no-save)'],
  save: ['error: chats are not being saved (--no-save) (/export FILE saves this one)'],
  temp: ['error: /set temperature needs a value (/set without a name lists all settings)'],
  seed: ['error: /set seed needs a value (/set without a name lists all settings)'],
  max: ['error: /set max_tokens needs a value (/set without a name lists all settings)'],
  effort: ['note: reasoning effort: not set'],
  stats: ['error: there is no answer yet'],
  tokens: ['error: nothing has been sent yet'],
  tools: ['note: no tools\nload a list of {"name", "description", "parameters"} with /tools FILE'],
  file: ['error: /file needs a path'],
  export: ['error: /export needs a file name'],
  raw: ['error: there is no text answer yet'],
  copy: ['error: there is no answer to copy'],
  expand: ['error: there is nothing to expand'],
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
    expect(shown.filter((line) => line !== 'begin' || EMPTY[name]?.[0] === 'begin')).toEqual(EMPTY[name]);
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
    ['/edit', 'error: /edit needs the screen (/undo removes your last message; then type it again)'],
    ['/file a.txt', 'error: /file needs the screen (attach a file by writing @PATH in a message)'],
    ['/keys', 'error: /keys needs the screen (your terminal edits the line; Ctrl+C stops an answer, Ctrl+D quits)'],
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

describe('an argument is never ignored', () => {
  const bare = names.filter((name) => REFUSED[name] === undefined && !ANY_TEXT.includes(name));

  test('every command is looked at', () => {
    expect(bare.length + Object.keys(REFUSED).length + ANY_TEXT.length).toBe(names.length);
    expect(bare).toEqual(expect.arrayContaining(['regen', 'undo', 'clear', 'stats', 'exit']));
  });

  test.each(bare)('/%s takes none', async (name) => {
    const {say, core} = await openChat(['A']);
    await say('hi');
    const [line = '', ...more] = await say(`/${name} other`);
    expect(line).toMatch(new RegExp(`^error: /${name} takes no argument, but got other \\(`));
    expect(more).toEqual([]);
    expect(core.conversation.messages).toHaveLength(2);
    expect(core.hasLeft).toBe(false);
  });

  test.each(Object.entries(REFUSED))('/%s refuses %s', async (name, argument) => {
    const sessions = new SessionFolder(folderWith({}));
    const {say} = await openChat(['A'], {sessions});
    await say('hi');
    expect((await say(`/${name} ${argument}`)).join('\n')).toMatch(/^(error|end): |\nend: /);
  });
});

describe('/help', () => {
  const helpAt = async (columns: number, line = '/help', hasPrompt = true) => {
    const face = new NotedFace(hasPrompt, columns);
    const {say} = await openChat([], {face});
    return ((await say(line))[0] ?? '').replace(/^note: /, '').split('\n');
  };

  test('is four groups, a row each command, and the ways out, on one screen', async () => {
    const rows = await helpAt(78);
    expect(rows.length).toBeLessThanOrEqual(22);
    expect(rows.map((row) => row.slice(0, 7).trim()).filter(Boolean)).toEqual([
      ...['talk', 'chats', 'model', 'look', 'Esc sto'],
    ]);
    expect(rows[0]).toBe('talk   /regen     answer your last message again');
    expect(rows.at(-1)).toBe('Esc stops an answer. Ctrl+D quits. /keys lists the keys, /help all the rest.');
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(78);
  });

  test.each([30, 38])('fits %i columns', async (columns) => {
    const rows = await helpAt(columns);
    expect(rows[0]).toBe('talk:');
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
  });

  test('/help all has every command, /help NAME one with its other names', async () => {
    const all = (await helpAt(78, '/help all')).join('\n');
    for (const name of names) expect(all).toContain(`/${name}`);
    expect(await helpAt(78, '/help /quit')).toEqual([
      '/exit                   quit (also Ctrl+D) (also /quit, /bye, /q)',
    ]);
    expect(await helpAt(78, '/help undo')).toEqual(['/undo                   remove your last message and its answer']);
  });

  test('without a screen it names no key of the screen', async () => {
    expect((await helpAt(78, '/help', false)).at(-1)).toBe(
      'Ctrl+C stops an answer. Ctrl+D quits. /help all lists the rest.',
    );
  });
});
