import {describe, expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openChat} from '../../../fakes/chat-face.ts';
import {type Call, ScriptedBackend, type Step} from '../../../fakes/scripted-backend.ts';

const CALL = {id: 'abcdefghi', name: 'add', arguments: '{"a": 1}'};
const QUESTION =
  'pick: run add?: 1 Yes, once | 2 Yes, and do not ask again for this tool in this chat | 3 No (the model is told)';

/** Calls the tool after each message, then says what it got. */
const calling = (call: Call): Step[] => {
  const last = call.kind === 'chat' ? call.request.messages.at(-1) : undefined;
  if (last?.role === 'tool') return [`got ${JSON.stringify(last.content)}`];
  return [{type: 'tool_call', call: CALL}, {finish: 'tool_calls'}];
};

const HELP = 'set the command that runs a tool with /tools NAME=COMMAND; it gets the arguments on stdin';

describe('/tools', () => {
  test('loads a file, has a command run a tool, and forgets them', async () => {
    const {say, backend} = await openChat(['ok']);
    expect(await say('/tools tools.json')).toEqual([`note: add: no command set. Adds.\n${HELP}`]);
    expect(await say('/tools add=./add.sh')).toEqual([`note: add: runs ./add.sh (asks first). Adds.\n${HELP}`]);
    await say('hi');
    expect(await say('/tools off')).toEqual(['note: no tools']);
    await say('hi');
    expect(backend.requests.map((request) => 'tools' in request)).toEqual([true, false]);
  });

  test('loads the file as the person means it', async () => {
    const asked: string[] = [];
    const load = async (path: string) => {
      asked.push(path);
      throw new EngineError('io', `cannot read ${path}`);
    };
    const {say} = await openChat([], {toolHost: {load, parse: () => ({name: '', line: ''}), run: async () => ''}});
    expect(await say('/tools ~/t.json')).toEqual(['error: cannot read /home/me/t.json']);
    await say('/tools t.json');
    expect(asked).toEqual(['/home/me/t.json', '/project/t.json']);
  });

  test('a command for a tool there is not, and a model without tools, are refused', async () => {
    const {say} = await openChat();
    expect(await say('/tools sub=x')).toEqual([
      'error: there is no tool called sub (Available tools: none (/tools FILE loads some))',
    ]);
    await say('/tools t.json');
    expect(await say('/tools sub=x')).toEqual(['error: there is no tool called sub (Available tools: add)']);
    const old = await openChat([], {backend: new ScriptedBackend([], {supportsTools: false})});
    expect(await old.say('/tools t.json')).toEqual([
      'error: scripted does not support tools (its prompt format (template v1) has no place for them; models with template v2 or later do)',
    ]);
  });
});

describe('a call', () => {
  const tools = {file: 'tools.json', commands: ['add=./add.sh']};

  test('runs when the person says yes, every time anew; what it does is shown', async () => {
    const {say, face} = await openChat(calling, {tools});
    face.choose = () => 0;
    const once = [
      ...['begin', 'call: add {"a": 1}', 'activity: waiting for your answer', 'rows: runs ./add.sh', QUESTION],
      ...['activity: running add', 'result: three\nand more', 'text: got "three\\nand more"', 'end: stop'],
    ];
    expect(await say('go')).toEqual(['said: go', ...once]);
    expect(await say('go')).toEqual(['said: go', ...once]);
    expect(await say('/expand')).toEqual(['rows: three\nand more']);
  });

  test('always asks once, until another command runs the tool', async () => {
    const {say, face} = await openChat(calling, {tools});
    face.choose = () => 1;
    expect(await say('go')).toContain(QUESTION);
    expect(await say('go')).not.toContain(QUESTION);
    expect(await say('/tools')).toEqual([`note: add: runs ./add.sh. Adds.\n${HELP}`]);
    await say('/tools add=./other.sh');
    expect(await say('go')).toContain(QUESTION);
  });

  test('is refused by the person, and the model hears of it', async () => {
    const {say, face} = await openChat(calling, {tools});
    face.choose = () => 2;
    expect(await say('go')).toContain('result: Error: the user refused this call');
  });

  test('a question that is left stops the turn', async () => {
    const {say, core} = await openChat(calling, {tools});
    expect((await say('go')).slice(-2)).toEqual(['result: Error: the user stopped this call.', 'end: aborted']);
    expect(core.isAnswering).toBe(false);
  });

  test('a stop at the question ends the turn, though nobody answers it', async () => {
    const {say, core, face} = await openChat(calling, {tools});
    face.choose = () => {
      queueMicrotask(() => core.stop());
      return new Promise(() => {});
    };
    expect((await say('go')).slice(-2)).toEqual(['result: Error: the user stopped this call.', 'end: aborted']);
  });

  test('without a command the model is told how one is named', async () => {
    const {say} = await openChat(calling, {tools: {file: 'tools.json', commands: []}});
    expect(await say('go')).toContain('result: Error: no command is set for add; set one with /tools add=COMMAND');
  });
});
