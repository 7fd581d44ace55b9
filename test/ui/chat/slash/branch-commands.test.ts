import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import type {LockOwner} from '../../../../src/base/files/lock-owner.ts';
import type {ChatCompletionRequest} from '../../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../../src/engine/conversation/session.ts';
import {SessionFolder} from '../../../../src/engine/conversation/session-folder.ts';
import {openChat} from '../../../fakes/chat-face.ts';
import {answering, type Call, ScriptedBackend, type Step} from '../../../fakes/scripted-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'branch-commands-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const said = (messages: readonly {content?: unknown}[]) => messages.map(({content}) => content);
/** The toy tokenizer has one token a byte, from 100 on. */
const token = (letter: string) => 100 + letter.charCodeAt(0);
const certain = Math.log(0.99);
const guess = Math.log(0.4);

const scored = (id: number, logprob: number, others: readonly number[] = []) => ({
  token: id,
  logprob,
  top: [id, ...others].map((other) => ({token: other, logprob})),
});
const A: Step = {type: 'text', text: 'a', logprobs: [scored(token('a'), certain, [token('x')])]};
/** Beside c, and beside a control token that nobody can say. */
const B: Step = {type: 'text', text: 'b', logprobs: [scored(token('b'), guess, [token('c'), 4])]};

/** Says `ab`: a surely, b as a guess. A token that is forced comes with the same certainty. */
const script = (call: Call): Step[] => {
  if (call.kind === 'chat') return call.request.messages.at(-1)?.role === 'assistant' ? ['!'] : [A, B];
  const [forced = 0] = call.request.sampling.logitBias?.keys() ?? [];
  return [{type: 'text', text: '', logprobs: [scored(forced, forced === token('b') ? guess : certain)]}];
};

/** The fake's template puts a line end before each message and id 4, without a text, behind the prompt. */
const READ_AGAIN = 'rows: \nab#3\n4 tokens, 1 below 50% (numbered; /alt N lists the alternatives)';

describe('/heat', () => {
  test('reads an answer again that came without certainty, and numbers its guesses', async () => {
    const {say, core, backend} = await openChat(['ab']);
    await say('hi');
    backend.script = script;
    expect(await say('/heat')).toEqual(['begin', 'end: undefined', READ_AGAIN]);
    expect(said(core.conversation.messages)).toEqual(['hi', 'ab']);
  });

  test('asks for the certainty of the next answers, until it is switched off', async () => {
    const {say, backend} = await openChat(script);
    await say('/heat');
    await say('hi');
    expect(await say('/heat')).toEqual(['rows: ab#2\n2 tokens, 1 below 50% (numbered; /alt N lists the alternatives)']);
    expect(await say('/heat off')).toEqual(['note: certainty is no longer measured']);
    await say('hi');
    expect(backend.requests.map(({sampling}) => sampling.topLogprobs)).toEqual([5, undefined]);
  });

  test('after a fill-in it is still that of the last answer', async () => {
    const {say} = await openChat((call) => (call.kind === 'fim' ? ['zz'] : script(call)));
    await say('hi');
    await say('/heat');
    await say('/fim x');
    expect((await say('/heat')).at(-1)).toBe(READ_AGAIN);
  });

  test('a reading that is stopped shows nothing', async () => {
    const {say, core, face} = await openChat(script);
    await say('hi');
    core.settings.certainty = false;
    core.last.logprobs = [];
    face.onEvent = (event) => {
      if (event.type === 'event' && event.event.type === 'prefill') core.stop();
    };
    expect(await say('/heat')).toEqual(['begin', 'end: undefined']);
  });

  test('a server without a vocabulary is refused, with what to do', async () => {
    const {model} = new ScriptedBackend();
    const chat = (request: ChatCompletionRequest, signal: AbortSignal) => new ScriptedBackend().chat(request, signal);
    const unused = () => {
      throw new Error('not asked');
    };
    const open = async () => ({model, chat, complete: unused, fim: unused, close: async () => {}});
    const {say} = await openChat(undefined, {open});
    await say('hi');
    for (const line of ['/heat', '/alt', '/alt 1', '/tokens']) {
      expect(await say(line)).toEqual(['error: this server does not expose its vocabulary; give one with --tokenizer']);
    }
  });
});

describe('/alt', () => {
  test('goes on from another token, as a branch', async () => {
    const {say, core, face} = await openChat(script);
    await say('hi');
    face.choose = () => 0;
    expect(await say('/alt 2')).toEqual([
      'pick: alternatives to "b" (40%): "c" = 40%',
      'note: ac',
      'begin',
      'text: !',
      'end: stop',
    ]);
    expect(said(core.conversation.messages)).toEqual(['hi', 'ac!']);
    expect(core.session.branches).toHaveLength(2);
  });

  test('without a number it offers the least certain tokens; one that is left changes nothing', async () => {
    const {say, core, face} = await openChat(script);
    await say('hi');
    expect(await say('/alt')).toEqual(['pick: the least certain tokens of the last answer: 2 "b" = 40%']);
    face.choose = ({title}) => (title.startsWith('the least') ? 0 : undefined);
    expect(await say('/alt')).toEqual([
      'pick: the least certain tokens of the last answer: 2 "b" = 40%',
      'pick: alternatives to "b" (40%): "c" = 40%',
    ]);
    expect(said(core.conversation.messages)).toEqual(['hi', 'ab']);
  });

  test.each([
    ['/alt 3', 'error: token numbers of the last answer go from 1 to 2, not 3'],
    ['/alt 0', 'error: token numbers of the last answer go from 1 to 2, not 0'],
    ['/alt b', 'error: token numbers of the last answer go from 1 to 2, not b'],
    ['/alt 1.5', 'error: token numbers of the last answer go from 1 to 2, not 1.5'],
  ])('%s is refused', async (line, shown) => {
    const {say} = await openChat(script);
    await say('hi');
    expect((await say(line)).at(-1)).toBe(shown);
  });

  test('where the model was certain there is nothing to choose', async () => {
    const sure: Step = {type: 'text', text: 'a', logprobs: [{token: token('a'), logprob: certain, top: []}]};
    const {say} = await openChat([sure]);
    await say('hi');
    expect((await say('/alt')).at(-1)).toBe('error: the model was certain of every token');
    expect((await say('/alt 1')).at(-1)).toBe('error: token 1 had no likely alternative');
  });
});

test('/branches switches to another branch and shows it', async () => {
  const {say, core, face} = await openChat(answering((_request, index) => `answer ${index}\nmore`));
  await say('hi');
  await say('/regen');
  face.choose = () => 1;
  const list = '1 (here) = 2 messages: answer 1 more | 2 = 2 messages: answer 0 more';
  expect(await say('/branches')).toEqual([`pick: branches of this chat: ${list}`, 'recall: user assistant']);
  expect(said(core.conversation.messages)).toEqual(['hi', 'answer 0\nmore']);
  face.choose = () => undefined;
  expect(await say('/branches')).toHaveLength(1);
});

describe('kept chats', () => {
  const owner = (pid: number): LockOwner => ({mark: {host: 'here', pid, start: '1'}, isAlive: () => true});

  /** A folder with one chat that was ended, and a new one that is open. */
  async function open(name: string) {
    const sessions = new SessionFolder(join(folder, name), owner(1));
    const old = sessions.begin('scripted');
    old.update([{role: 'user', content: 'long ago'}]);
    sessions.release();
    const session = sessions.begin('scripted');
    const chat = await openChat(['ok'], {sessions, session});
    return {...chat, sessions, old: old.info.id, id: session.info.id};
  }

  test('/save says where the chat is and how to continue it', async () => {
    const {say, sessions, id} = await open('save');
    expect(await say('/save')).toEqual([
      `note: saved as ${id} in ${sessions.fileOf(id)}\nTo continue it: mistral-chat --instruct --resume ${id}`,
    ]);
  });

  test('/load goes on with another chat, by id or from a list', async () => {
    const {say, core, old, face} = await open('load');
    expect(await say(`/load ${old}`)).toEqual([`note: session ${old}`, 'recall: user']);
    await say('and now');
    expect(said(core.session.messages)).toEqual(['long ago', 'and now', 'ok']);
    face.choose = () => 0;
    const [pick, ...rest] = await say('/resume');
    expect(pick).toMatch(new RegExp(`^pick: choose a chat: ${old} = `));
    expect(rest).toEqual([`note: session ${old}`, 'recall: user user assistant']);
    face.choose = () => undefined;
    expect(await say('/sessions')).toHaveLength(1);
  });

  test('/load of a chat that is not there is refused', async () => {
    const {say, id, core} = await open('missing');
    expect(await say('/load nosuch')).toEqual([
      'error: there is no session nosuch (`mistral sessions list` shows the available sessions)',
    ]);
    expect(core.session.info.id).toBe(id);
  });

  test('/load where there is none, and one that is open elsewhere', async () => {
    const empty = new SessionFolder(join(folder, 'none'), owner(1));
    const none = await openChat(['ok'], {sessions: empty, session: new Session(newSessionInfo(''), undefined)});
    expect(await none.say('/load')).toEqual(['error: there are no saved chats yet']);

    const name = join(folder, 'shared');
    const theirs = new SessionFolder(name, owner(2)).begin('scripted');
    theirs.update([{role: 'user', content: 'theirs'}]);
    const sessions = new SessionFolder(name, owner(1));
    const {say, core} = await openChat(['ok'], {sessions, session: sessions.begin('scripted')});
    const [note] = await say(`/load ${theirs.info.id}`);
    expect(note).toBe(
      `note: session ${theirs.info.id} is open in another chat; this one goes on as ${core.session.info.id}`,
    );
    expect(core.session.info.id).not.toBe(theirs.info.id);
    expect(said(core.conversation.messages)).toEqual(['theirs']);
  });
});
