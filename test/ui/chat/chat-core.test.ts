import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test, vi} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {newSessionInfo, Session} from '../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../src/engine/conversation/session-folder.ts';
import {NotedFace, newChat, openChat} from '../../fakes/chat-face.ts';
import {ScriptedBackend, type Step} from '../../fakes/scripted-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'chat-core-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const host = {cwd: folder, home: '/home/$&', now: () => 0};
const said = (messages: readonly {content?: unknown}[]) => messages.map(({content}) => content);

/** A promise and the function that resolves it. */
function gate(): {opened: Promise<void>; open: () => void} {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {opened, open: () => open()};
}

describe('loading', () => {
  test('what is typed meanwhile waits and is answered in its order; commands that need no model run at once', async () => {
    const {opened, open} = gate();
    const backend = new ScriptedBackend((call) => [call.kind === 'chat' ? `to ${call.request.messages.length}` : '']);
    const chat = newChat(undefined, {
      backend,
      open: async (note, onProgress) => {
        onProgress(0.5);
        note('a \u001b[31mnote');
        await opened;
        return backend;
      },
    });
    const loaded = chat.core.load();
    chat.core.submit('one');
    chat.core.submit('two');
    chat.core.submit('/expand');
    await chat.core.idle();
    expect(chat.core.queued).toBe(2);
    expect(chat.face.seen()).toEqual(['loading: 0.5', 'note: a [31mnote', 'error: there is nothing to expand']);
    open();
    await loaded;
    await chat.core.idle();
    expect(chat.face.seen()).toEqual([
      'ready: scripted',
      'recall:',
      ...['said: one', 'begin', 'text: to 1', 'end: stop'],
      ...['said: two', 'begin', 'text: to 3', 'end: stop'],
    ]);
  });

  test('its failure is thrown', async () => {
    const failure = new EngineError('model_not_found', 'there is no such model');
    const chat = newChat(undefined, {
      open: async () => {
        throw failure;
      },
    });
    await expect(chat.core.load()).rejects.toBe(failure);
    expect(() => chat.core.conversation).toThrow('the model is still loading');
  });

  test('a kept chat is shown again and goes on; tools that cannot be loaded do not end it', async () => {
    const session = new Session(newSessionInfo('scripted'), undefined);
    session.update([
      {role: 'user', content: 'one'},
      {role: 'assistant', content: 'A'},
    ]);
    const toolHost = {
      load: async () => {
        throw new EngineError('io', 'cannot read tools.json');
      },
      parse: () => ({name: '', line: ''}),
      run: async () => '',
    };
    const chat = newChat(['B'], {session, toolHost, tools: {file: 'tools.json', commands: []}});
    await chat.core.load();
    expect(chat.face.seen()).toEqual(['ready: scripted', 'recall: user assistant', 'error: cannot read tools.json']);
    await chat.say('two');
    expect(said(session.messages)).toEqual(['one', 'A', 'two', 'B']);
  });
});

describe('messages', () => {
  test('two slashes at the start are one, and an unknown command is not sent', async () => {
    const {say, backend} = await openChat(['ok']);
    await say('//etc/hosts');
    expect(await say('/helpp')).toEqual([
      'error: unknown command /helpp (Did you mean /help? To send text that begins with a slash, type //.)',
    ]);
    expect(backend.requests).toMatchObject([{messages: [{role: 'user', content: '/etc/hosts'}]}]);
  });

  test('a file is attached from the working folder', async () => {
    writeFileSync(join(folder, 'a.txt'), 'alpha\n');
    const {say, core} = await openChat(['ok'], {host});
    expect(await say('sum @a.txt')).toEqual([
      'said: sum @a.txt',
      'note: attached a.txt (2 lines)',
      ...['begin', 'text: ok', 'end: stop'],
    ]);
    expect(said(core.conversation.messages)[0]).toBe('sum @a.txt\n\na.txt:\n```txt\nalpha\n```');
  });

  test('a message with a file that cannot be attached is not sent: it is in the prompt again', async () => {
    writeFileSync(join(folder, 'b.bin'), 'a\0b');
    const {say, core, face, backend} = await openChat(['ok'], {host});
    expect(await say('see @b.bin')).toEqual([
      'error: could not attach b.bin: it is not a text file (the message was not sent; change it, or leave out the @ to send the name as text)',
    ]);
    expect(face.draft).toBe('see @b.bin');
    expect(backend.requests).toEqual([]);
    expect(core.session.givenBack).toEqual(['see @b.bin']);
    expect(await say('hi')).toContain('text: ok');
  });

  test('what was typed meanwhile stays: the message that was not sent is in the history', async () => {
    writeFileSync(join(folder, 'b.bin'), 'a\0b');
    const {say, face} = await openChat(['ok'], {host});
    face.draft = 'the next one';
    await say('see @b.bin');
    expect(face.draft).toBe('the next one');
  });

  test.each(['help', '?', ' help'.trim(), 'help '])('%j is a command as the first message', async (word) => {
    const {say, backend} = await openChat(['ok']);
    const [note = ''] = await say(word);
    expect(note).toMatch(/^note: talk/);
    expect(backend.requests).toEqual([]);
  });

  test('later, and in a chat that goes on, the model is asked', async () => {
    const {say, backend} = await openChat(['ok']);
    await say('hi');
    await say('help');
    await say('?');
    expect(backend.requests).toHaveLength(3);
    const first = newChat();
    first.core.submit('one');
    first.core.submit('?');
    expect(first.core.queued).toBe(2);
  });

  test('a path is relative to the working folder, ~ is home, whatever characters it has', () => {
    const {core} = newChat(undefined, {host});
    expect(core.path('x/y')).toBe(join(folder, 'x/y'));
    expect(core.path('~/x')).toBe('/home/$&/x');
    expect(core.path('~')).toBe('/home/$&');
    expect(core.path('~x')).toBe(join(folder, '~x'));
  });

  const refusing = [
    () => {
      throw new EngineError('context_length_exceeded', 'it is too long');
    },
  ];

  test('one that is refused comes back to an empty prompt, as it was typed', async () => {
    const {say, core, face} = await openChat(refusing);
    core.submit('what [paste 1] is', 'what [pasted 9 lines] is');
    await core.idle();
    expect(face.seen()).toEqual(['said: what [pasted 9 lines] is', 'begin', 'end: it is too long']);
    expect(face.draft).toBe('what [paste 1] is');
    expect(core.conversation.messages).toEqual([]);
    face.draft = 'something new';
    await say('again');
    expect(face.draft).toBe('something new');
  });

  test('one that is refused on a face without a prompt is only reported', async () => {
    const {say} = await openChat(refusing, {face: new NotedFace(false)});
    expect(await say('hi')).toEqual(['said: hi', 'begin', 'end: it is too long']);
  });

  test('a thought that a failure cut off can be printed', async () => {
    const thinking: Step = {type: 'reasoning', text: 'let me'};
    const {say} = await openChat([thinking, ...refusing]);
    await say('hi');
    expect(await say('/expand')).toEqual(['rows: let me']);
  });

  test('a failure in mid-answer ends the turn, and what waits goes on', async () => {
    let asked = 0;
    const {core, face} = await openChat((): Step[] => {
      asked += 1;
      return asked === 1
        ? [
            'half',
            () => {
              throw new EngineError('backend_failed', 'it broke', {hint: 'Send it again.'});
            },
          ]
        : ['whole'];
    });
    core.submit('one');
    core.submit('two');
    await core.idle();
    expect(face.seen()).toEqual([
      ...['said: one', 'begin', 'text: half', 'end: it broke (Send it again.)'],
      ...['said: two', 'begin', 'text: whole', 'end: stop'],
    ]);
    expect(face.draft).toBe('');
  });
});

describe('stopping', () => {
  /** Answers with a word, then waits for the signal. */
  const hanging: Step[] = [
    'word',
    async (signal) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    'never',
  ];

  test('an answer that is stopped keeps what it said; the queue can be taken back', async () => {
    const {core, face} = await openChat(hanging);
    face.onEvent = (event) => {
      if (event.type !== 'event' || event.event.type !== 'text') return;
      core.submit('two');
      core.submit('/undo');
      expect(core.isAnswering).toBe(true);
      expect(core.takeQueue()).toEqual(['two', '/undo']);
      expect(core.stop()).toBe(true);
    };
    core.submit('one');
    await core.idle();
    expect(face.seen()).toEqual(['said: one', 'begin', 'text: word', 'end: aborted']);
    expect(said(core.conversation.messages)).toEqual(['one', 'word']);
    expect(core.isAnswering).toBe(false);
    expect(core.stop()).toBe(false);
  });

  test('leaving ends the answer, begins nothing that waits, and keeps what was said', async () => {
    const file = join(folder, 'left.jsonl');
    const {core, face, backend} = await openChat(hanging, {session: new Session(newSessionInfo('scripted'), file)});
    face.onEvent = (event) => {
      if (event.type === 'event' && event.event.type === 'text') core.leave(129);
    };
    core.submit('one');
    core.submit('two');
    expect(await core.left).toBe(129);
    expect(core.hasLeft).toBe(true);
    await core.close();
    // The program may end now.
    expect(readFileSync(file, 'utf8')).toContain('"content":"word"');
    await core.idle();
    expect(backend.requests).toHaveLength(1);
    expect(said(Session.read(file).messages)).toEqual(['one', 'word']);
  });
});

describe('what is kept', () => {
  test('a session that cannot be written is reported once, and the chat goes on', async () => {
    writeFileSync(join(folder, 'file'), '');
    const session = new Session(newSessionInfo('scripted'), join(folder, 'file', 'session.jsonl'));
    const {say} = await openChat(['ok'], {session});
    const warnings = (lines: string[]) => lines.filter((line) => line.startsWith('warning: '));
    expect(warnings(await say('one'))).toEqual(['warning: this chat is not kept: a part of its path is not a folder']);
    expect(warnings(await say('two'))).toEqual([]);
  });

  test('an answer that is cut off by a crash is there up to its last line', async () => {
    const file = join(folder, 'crashed.jsonl');
    const {opened, open} = gate();
    const {core, face} = await openChat(['line one\n', 'half', () => opened], {
      session: new Session(newSessionInfo('scripted'), file),
    });
    const streamed = new Promise<void>((resolve) => {
      face.onEvent = (event) => {
        if (event.type === 'event' && event.event.type === 'text' && event.event.text === 'half') resolve();
      };
    });
    core.submit('go');
    await streamed;
    expect(said(Session.read(file).messages)).toEqual(['go', 'line one\n']);
    open();
    await core.idle();
    expect(said(Session.read(file).messages)).toEqual(['go', 'line one\nhalf']);
  });

  test('a fill-in is no part of the chat: not of its session, nor of what the context holds', async () => {
    const file = join(folder, 'fim.jsonl');
    const session = new Session(newSessionInfo('scripted'), file);
    const script = (call: {kind: string}): Step[] => (call.kind === 'fim' ? ['a, b):\n', 'more\n'] : []);
    const {core, say} = await openChat(script, {session});
    // A question without an answer, behind which a part of one would be taken for the answer.
    await say('question');
    const {used} = core.last;
    await say('/fim def add(');
    expect(core.last.used).toBe(used);
    expect(core.last.finish?.usage.completionTokens).toBe(2);
    expect(said(Session.read(file).messages)).toEqual(['question']);
  });
});

describe('at Enter', () => {
  const kept = (file: string) => Session.read(file);
  const openAt = async (name: string, script: (string | (() => Promise<unknown>))[]) => {
    const file = join(folder, name);
    return {file, ...(await openChat(script as Step[], {session: new Session(newSessionInfo('scripted'), file)}))};
  };

  test('a message is kept while the model is loaded, and before it has read it', async () => {
    const file = join(folder, 'enter.jsonl');
    const {opened, open} = gate();
    const backend = new ScriptedBackend(['ok']);
    const session = new Session(newSessionInfo('scripted'), file);
    const chat = newChat(undefined, {backend, session, open: () => opened.then(() => backend)});
    const loaded = chat.core.load();
    chat.core.submit('one');
    chat.core.submit('//two');
    chat.core.submit('/regen');
    expect(kept(file).waiting).toEqual(['one', '//two']);
    open();
    await loaded;
    await chat.core.idle();
    expect(kept(file).waiting).toEqual([]);
    expect(said(kept(file).messages)).toEqual(['one', 'ok', '/two', 'ok']);
  });

  test('what was not read when the chat was killed is in the prompt of the next, until something else is sent', async () => {
    const file = join(folder, 'killed.jsonl');
    const killed = new Session(newSessionInfo('scripted'), file);
    killed.queue('one');
    killed.queue('two\nlines');
    const first = newChat(['ok'], {session: kept(file)});
    const loaded = first.core.load();
    expect(first.face.draft).toBe('one\ntwo\nlines');
    await loaded;
    expect(first.face.seen()).toContain('note: what was not answered when this chat ended is in the prompt again');
    expect(kept(file).givenBack).toEqual(['one', 'two\nlines']);
    await first.say('one and two');
    expect(kept(file).waiting).toEqual([]);
    expect(said(kept(file).messages)).toEqual(['one and two', 'ok']);
    const second = await openChat(['ok'], {session: kept(file)});
    expect(second.face.draft).toBe('');
  });

  test('without a screen it is shown', async () => {
    const session = new Session(newSessionInfo('scripted'), undefined);
    session.giveBack([session.queue('one')]);
    const chat = newChat(['ok'], {session, face: new NotedFace(false)});
    await chat.core.load();
    expect(chat.face.seen()[0]).toBe('note: not answered when this chat ended:\none');
  });

  test('a message that was refused, and one taken back, are kept until the next is sent', async () => {
    class Refusing extends ScriptedBackend {
      override render(): never {
        throw new EngineError('context_length_exceeded', 'it is too long');
      }
    }
    const file = join(folder, 'refused.jsonl');
    const session = new Session(newSessionInfo('scripted'), file);
    const {core, say} = await openChat(undefined, {session, backend: new Refusing()});
    await say('refused');
    expect(kept(file).waiting).toEqual(['refused']);
    expect(kept(file).branches).toEqual([]);
    core.submit('again');
    core.submit('and more');
    expect(core.takeQueue()).toEqual(['and more']);
    await core.idle();
    expect(kept(file).waiting).toEqual(['again', 'and more']);
    await say('last');
    expect(kept(file).waiting).toEqual(['last']);
  });

  test('an answer that stalls in mid-line is kept after a second', async () => {
    const {opened, open} = gate();
    const {file, core} = await openAt('stalled.jsonl', ['half a', ' line', () => opened]);
    core.submit('go');
    await vi.waitUntil(() => kept(file).messages.length === 2, {timeout: 5000});
    expect(said(kept(file).messages)).toEqual(['go', 'half a line']);
    open();
    await core.idle();
    expect(readFileSync(file, 'utf8').match(/"type":"partial"/g)).toHaveLength(1);
  });

  test('what waits behind /load is said in the other chat, and is no longer of the first', async () => {
    const state = mkdtempSync(join(folder, 'load-'));
    const sessions = new SessionFolder(state);
    const other = sessions.begin('scripted');
    other.update([{role: 'user', content: 'theirs'}]);
    const {opened, open} = gate();
    const session = sessions.begin('scripted');
    const {core} = await openChat([() => opened, 'ok'], {sessions, session});
    core.submit('one');
    core.submit(`/load ${other.info.id}`);
    core.submit('two');
    expect(sessions.read(session.info.id).waiting).toContain('two');
    open();
    await core.idle();
    expect(sessions.read(session.info.id).waiting).toEqual([]);
    expect(said(sessions.read(other.info.id).messages)).toEqual(['theirs', 'two', 'ok']);
    sessions.release();
  });
});
