// What the README promises, with the embedded model: right answers, the middle of a function, a call and its result.
import {describe, expect, test} from 'vitest';
import {folderWith} from '../fixtures/folder.ts';
import {runProgram, runShell} from './harness/program.ts';

const WEATHER = JSON.stringify([
  {
    type: 'function',
    function: {
      name: 'get_current_weather',
      description: 'Get the current weather',
      parameters: {
        type: 'object',
        properties: {
          location: {type: 'string', description: 'The city and state, e.g. San Francisco, CA'},
          format: {
            type: 'string',
            enum: ['celsius', 'fahrenheit'],
            description: 'The temperature unit to use. Infer this from the users location.',
          },
        },
        required: ['location', 'format'],
      },
    },
  },
]);

describe('the embedded model', () => {
  test('answers two questions of one conversation', async () => {
    const {code, stdout, stderr} = await runProgram('mistral-chat', ['--instruct', '--temperature', '0'], {
      stdin: 'What is the capital of France?\nAnd of Italy?\n',
    });
    expect(stdout).toMatch(/^.*Paris.*\n.*Rome.*\n$/);
    expect(stderr).toMatch(/^model: .*\n$/);
    expect(code).toBe(0);
  });

  test('fills the middle of a function', async () => {
    const {code, stdout} = await runProgram('mistral-fim', ['--prefix', 'def add(', '--suffix', '    return sum']);
    expect(stdout).toMatch(/^\w+, \w+\):\n +sum = \w+ \+ \w+\n$/);
    expect(code).toBe(0);
  });

  test('calls the weather tool, and reads the result when a command gives one', async () => {
    const tools = `${folderWith({'tools.json': WEATHER})}/tools.json`;
    const args = ['--tools', tools, '-p', "What's the weather like today in Paris?"];
    const {stdout} = await runProgram('mistral-tools', args);
    expect(JSON.parse(stdout)).toMatchObject([
      {name: 'get_current_weather', arguments: {location: expect.stringMatching(/^Paris/)}},
    ]);
    const result = `get_current_weather=printf '{"temperature": 21, "unit": "celsius"}'`;
    const answered = await runProgram('mistral-tools', [...args, '--exec', result]);
    expect(answered).toMatchObject({code: 0, stdout: expect.stringContaining('21')});
  });

  test('is what every program takes when none is named, and MISTRAL_MODEL comes before it', async () => {
    const {code, stdout} = await runShell('$DEMO 2>&1 >/dev/null; MISTRAL_MODEL=/no/such/model $DEMO 2>&1; echo $?');
    expect(stdout).toMatch(/^model: .*\nerror: there is no file.* \/no\/such\/model\n.*\n3\n$/);
    expect(code).toBe(0);
  });

  test('passes an exam', async () => {
    const cases = [
      {
        id: 'capital',
        kind: 'fact',
        request: {messages: [{role: 'user', content: 'capital of France?'}]},
        expect: {contains: ['Paris']},
      },
      {id: 'base', kind: 'base', request: {prompt: 'This is a test'}, expect: {minChars: 20}},
      {id: 'never', kind: 'fact', request: {messages: [{role: 'user', content: 'Hello!'}]}, expect: {regex: '^$'}},
    ];
    const {stdout} = await runProgram('mistral', ['exam', '-'], {stdin: JSON.stringify({cases})});
    expect(stdout).toMatch(/^failed never: ".+"\nfact {12}1 of 2\nbase {12}1 of 1\npassed 2 of 3\n$/);
  });
});
