import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import type {ToolCall} from '../../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../../src/engine/conversation/session.ts';
import {type PlainChatOptions, runPlainChat} from '../../../src/ui/plain/plain-chat.ts';
import {type Script, ScriptedBackend, type Step} from '../../fakes/scripted-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'plain-chat-'));
const RULE = '='.repeat(21);

afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** What a person sees who types these lines, each at the prompt that waits for it; a function is run in its place. */
async function chat(
  lines: readonly (string | (() => void))[],
  script: Script,
  options: Partial<PlainChatOptions> = {},
): Promise<{seen: string; complaints: string; backend: ScriptedBackend}> {
  const backend = new ScriptedBackend(script);
  let seen = '';
  let complaints = '';
  async function* typed() {
    for (const line of lines) {
      if (typeof line === 'string') {
        seen += `${line}\n`;
        yield line;
      } else line();
    }
  }
  await runPlainChat({
    backend,
    sampling: {asked: {}, otherwise: {temperature: 0}},
    terminal: {
      lines: typed(),
      columns: () => 60,
      print: (text) => {
        seen += text;
      },
      say: (text) => {
        complaints += `${text}\n`;
      },
    },
    screenReader: false,
    unicode: true,
    session: new Session(newSessionInfo('test'), undefined),
    toolHost: {
      load: async () => [{name: 'add', description: 'Adds', parameters: new Map()}],
      parse: (text) => ({name: text.split('=')[0] ?? '', line: text.split('=')[1] ?? ''}),
      run: async () => 'three\nand more',
    },
    cwd: folder,
    home: folder,
    stop: new AbortController().signal,
    captureInterrupt: () => () => {},
    copy: () => false,
    bell: () => {},
    now: () => 0,
    ...options,
  });
  return {seen, complaints, backend};
}

test('the classic loop: asks, answers, rules; blank lines are none', async () => {
  const {seen, backend} = await chat(['hi', '', 'more'], ['Hello', ' there']);
  expect(seen).toBe(`Prompt: hi\nHello there\n${RULE}\nPrompt: \nPrompt: more\nHello there\n${RULE}\nPrompt: \n`);
  expect(backend.calls).toHaveLength(2);
});

test('commands of the screen work, those that need one say what to do instead', async () => {
  const {seen, complaints} = await chat(
    ['/system Be brief', '/system', '/edit', 'hi', '/undo', '/exit', 'never'],
    ['A'],
  );
  expect(seen).toContain('Prompt: /system Be brief\nsystem prompt set\nPrompt: /system\nsystem prompt: Be brief\n');
  expect(complaints).toBe(
    'error  /edit needs the screen\n  try  /undo removes your last message; then type it again\n',
  );
  expect(seen.endsWith('Prompt: /undo\nremoved: hi\nPrompt: /exit\n')).toBe(true);
});

test('a failure ends the turn, not the chat', async () => {
  let asked = 0;
  const script = (): readonly Step[] => {
    asked += 1;
    if (asked > 1) return ['yes'];
    return [
      'half a ',
      () => {
        throw new EngineError('backend_failed', 'it broke', {hint: 'again'});
      },
    ];
  };
  const {seen, complaints} = await chat(['one', 'two'], script);
  expect(seen).toBe(`Prompt: one\nhalf a \nPrompt: two\nyes\n${RULE}\nPrompt: \n`);
  expect(complaints).toBe('error  it broke\n  try  again\n');
});

const CALL: ToolCall = {id: 'abcdefghi', name: 'add', arguments: '{"a": 1}'};

/** Calls the tool after each message, then says what it got. */
const calling: Script = (call) => {
  const last = call.kind === 'chat' ? call.request.messages.at(-1) : undefined;
  if (last?.role === 'tool') return [`It said ${JSON.stringify(last.content)}`];
  return ['Let me see.', {type: 'tool_call', call: CALL}, {finish: 'tool_calls'}];
};

const QUESTION =
  'run add?\n1 Yes, once\n2 Yes, and do not ask again for this tool in this chat\n3 No (the model is told)\n1 to 3 (3): ';

test('a tool runs when the person says so by number; its result is one line, /expand prints it', async () => {
  const tools = {file: 'tools.json', commands: ['add=./add.sh']};
  const {seen} = await chat(['go', '9', '1', '/expand'], calling, {tools});
  expect(seen).toContain(
    `Prompt: go\nLet me see.\ncall add {"a": 1}\nruns ./add.sh\n${QUESTION}9\n1 to 3 (3): 1\nresult three and more\n` +
      `It said "three\\nand more"\n${RULE}\nPrompt: /expand\nthree\nand more\nPrompt: \n`,
  );
});

test('an empty line refuses, and the model hears of it', async () => {
  const tools = {file: 'tools.json', commands: ['add=./add.sh']};
  const {seen} = await chat(['go', ''], calling, {tools});
  expect(seen).toContain(`${QUESTION}\nresult Error: the user refused this call\nIt said `);
});

test('Ctrl-C at the question stops the turn; the next line is a message again', async () => {
  const tools = {file: 'tools.json', commands: ['add=./add.sh']};
  let stop = () => {};
  const captureInterrupt = (handler: () => void) => {
    stop = handler;
    return () => {};
  };
  const {seen} = await chat(['go', () => stop(), '/tools off', 'hi'], calling, {tools, captureInterrupt});
  expect(seen).toContain('result Error: the user stopped this call.');
  expect(seen).toContain('Prompt: no tools\nPrompt: hi\n');
});

test('a kept chat is shown as the loop showed it, and goes on', async () => {
  const file = join(folder, 'kept.jsonl');
  await chat(['one', '/branches'], ['A'], {session: new Session(newSessionInfo('test'), file)});
  const session = Session.read(file);
  expect(session.messages.map(({content}) => content)).toEqual(['one', 'A']);
  const {seen, backend} = await chat(['two'], ['B'], {session});
  expect(seen).toBe(`Prompt: one\nA\n${RULE}\nPrompt: two\nB\n${RULE}\nPrompt: \n`);
  const [call] = backend.calls;
  expect(call?.kind === 'chat' && call.request.messages.map(({role}) => role)).toEqual(['user', 'assistant', 'user']);
});

test('for a screen reader: whole sentences in one piece, no rule, thoughts on request', async () => {
  const writes: string[] = [];
  async function* lines() {
    yield 'hi';
    yield '/set think show';
    yield 'hi';
  }
  const script: Script = [{type: 'reasoning', text: 'Hm. '}, 'One. T', 'wo. Thr', 'ee'];
  await chat([], script, {
    screenReader: true,
    terminal: {lines: lines(), columns: () => 80, print: (text) => writes.push(text), say() {}},
  });
  const first = ['Prompt: ', 'One.', ' Two.', ' Three\n', '\n'];
  expect(writes.slice(0, 5)).toEqual(first);
  expect(writes.slice(5).join('')).toBe('Prompt: thoughts are shown\nPrompt: Hm. \nOne. Two. Three\n\nPrompt: \n');
});

test.each([
  ['always', 5000, 1],
  ['always', 4999, 0],
  ['auto', 60_000, 0],
] as const)('with %s an answer of %i ms rings %i times', async (notify, took, count) => {
  let bells = 0;
  let now = 0;
  await chat(['hi'], ['Yes.'], {
    notify,
    bell: () => {
      bells += 1;
    },
    // Asked when the turn begins, and when it has ended.
    now: () => {
      now += took;
      return now;
    },
  });
  expect(bells).toBe(count);
});

test('a tool that asks rings', async () => {
  let bells = 0;
  const bell = () => {
    bells += 1;
  };
  const tools = {file: 'tools.json', commands: ['add=./add.sh']};
  await chat(['go', '1'], calling, {tools, notify: 'always', bell});
  expect(bells).toBe(1);
});
