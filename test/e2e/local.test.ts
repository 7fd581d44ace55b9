// The whole local path on a tiny random model: file to backend, and everything a backend promises.
import {mkdtempSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {parseJson} from '../../src/base/json.ts';
import {openLocalBackend} from '../../src/engine/local/open-local.ts';
import {backendContract, eventsOf} from '../contract/backend.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'local-'));
const file = join(folder, 'tiny.gguf');
const open = (contextSize = 256) => openLocalBackend({file, device: 'off', threads: 1, contextSize});
const never = new AbortController().signal;

beforeAll(() => writeFileSync(file, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

describe('openLocalBackend', () => {
  // Room for the tools of the contract.
  const roomy = () => open(512);
  backendContract({open: roomy, calls: 'demanded', reasons: false, logprobs: true, enforces: true});

  test('names the model, its template and the reason', async () => {
    const backend = await open();
    expect(backend.model).toEqual({
      id: 'tiny',
      path: file,
      contextSize: 256,
      trainedContextSize: 2048,
      template: 'v3',
      templateReason: 'the model file says so (mistral.tokenizer.version)',
      templateConfidence: 'sure',
      supportsFim: true,
      supportsTools: true,
      efforts: {levels: []},
      device: 'CPU, 1 thread',
    });
    await backend.close();
  });

  test('a context smaller than the blocks of the cache is kept to', async () => {
    const small = await open(8);
    expect(small.model.contextSize).toBe(8);
    const messages = [{role: 'user', content: 'Hello, how are you?'}] as const;
    const sampling = {temperature: 0, maxTokens: 50};
    await expect(eventsOf(small.chat({messages, sampling}, never))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      context: {contextSize: 8},
    });
    await small.close();
    const room = await open(40);
    const noEnd = {...sampling, logitBias: new Map([[2, -100]])};
    const ended = (await eventsOf(room.chat({messages, sampling: noEnd}, never))).at(-1);
    // The last token of the answer needs no place of its own.
    expect(ended).toMatchObject({type: 'finish', reason: 'context'});
    const {usage} = ended as Extract<typeof ended, {type: 'finish'}>;
    expect(usage.promptTokens + usage.completionTokens).toBe(41);
    await room.close();
  });

  test('GPU layers without a GPU, too many threads and too long a context are told, and the model opens', async () => {
    const notes: string[] = [];
    const backend = await openLocalBackend({
      file,
      device: 'off',
      gpuLayers: 99,
      threads: 1000,
      contextSize: 4096,
      onNote: (line) => notes.push(line),
    });
    const info = backend.model;
    await backend.close();
    expect(Number(/^CPU, (\d+) thread/.exec(info.device ?? '')?.[1])).toBeLessThan(1000);
    expect(notes).toEqual([
      '--gpu-layers 99 has no effect: there is no GPU to use, the CPU computes everything',
      expect.stringMatching(
        /^--threads 1000 is more than the (\d+) processors? this program may use; \1 computes?, as more would wait for each other$/,
      ),
      '--ctx 4096 is beyond the 2048 tokens this model was trained for: there it may write nonsense',
    ]);
  });

  test('a file cut in place under an open model fails the next answer with one line, and nothing dies', async () => {
    const own = join(folder, 'own.gguf');
    writeFileSync(own, randomModel(TINY_SHAPE));
    const backend = await openLocalBackend({file: own, device: 'off', threads: 1, contextSize: 256});
    const ask = () => eventsOf(backend.complete({prompt: 'Hello', sampling: {temperature: 0, maxTokens: 2}}, never));
    expect((await ask()).at(-1)).toMatchObject({type: 'finish', reason: 'length'});
    truncateSync(own, 4096);
    await expect(ask()).rejects.toMatchObject({
      code: 'engine_failed',
      exitCode: 5,
      message: expect.stringMatching(
        /own\.gguf was written over while it was in use: it had [\d.]+ kB and now has 4\.10 kB$/,
      ),
    });
    await backend.close();
  });

  test('the second turn evaluates only what is new', async () => {
    const backend = await open();
    // Words of one token each, so that the history encodes to what was generated.
    const letters = Array.from('abcdefgh', (letter) => backend.tokenizer.encode(letter).at(-1) ?? 0);
    const logitBias = new Map([
      ...Array.from({length: 420}, (_, token) => [token, -100] as const),
      ...letters.map((token) => [token, 0] as const),
    ]);
    const sampling = {temperature: 0, maxTokens: 6, logitBias};
    const user = {role: 'user', content: 'Hello'} as const;
    const first = await eventsOf(backend.chat({messages: [user], sampling}, never));
    const content = first.map((event) => (event.type === 'text' ? event.text : '')).join('');
    expect(content).toMatch(/^[a-h]( [a-h]){5}$/);
    const messages = [user, {role: 'assistant', content}, {role: 'user', content: 'On'}] as const;
    const second = await eventsOf(backend.chat({messages, sampling}, never));
    const firstPrompt = (await backend.render({messages: [user], sampling})).tokens;
    // All but the answer's last token, which ended the first turn unevaluated.
    expect(second.at(-1)).toMatchObject({usage: {cachedTokens: firstPrompt.length + 5}});
    await backend.close();
  });

  test('an answer in JSON fits its schema, a demanded call its tool', async () => {
    const backend = await open();
    const schema = parseJson('{"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]}');
    const messages = [{role: 'user', content: 'Is it on?'}] as const;
    const sampling = {temperature: 1, seed: 1, maxTokens: 150};
    const json = await eventsOf(
      backend.chat({messages, sampling, responseFormat: {type: 'json_schema', schema}}, never),
    );
    const text = json.map((event) => (event.type === 'text' ? event.text : '')).join('');
    expect(Object.keys(JSON.parse(text))).toEqual(['on']);
    const tools = [{name: 'switch', description: '', parameters: schema}];
    const called = await eventsOf(backend.chat({messages, sampling, tools, toolChoice: {name: 'switch'}}, never));
    const [call] = called.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));
    expect(call?.name).toBe('switch');
    expect(Object.keys(JSON.parse(call?.arguments ?? ''))).toEqual(['on']);
    expect(called.at(-1)).toMatchObject({reason: 'tool_calls'});
    await backend.close();
  });

  test('a pattern and bounds hold in what the engine samples', async () => {
    const backend = await open();
    const schema = parseJson(
      `{"type": "object", "required": ["id", "at"], "properties": {
        "id": {"type": "string", "pattern": "^[A-Z]{2}-[^\\\\d\\"]{3}(é|\\\\\\\\)$"},
        "at": {"type": "number", "minimum": -0.5, "exclusiveMaximum": 2}}}`,
    );
    for (const seed of [1, 2, 3]) {
      const request = {
        messages: [{role: 'user', content: 'Which?'} as const],
        sampling: {temperature: 1, seed, maxTokens: 200},
      };
      const events = await eventsOf(backend.chat({...request, responseFormat: {type: 'json_schema', schema}}, never));
      const {id, at} = JSON.parse(events.map((event) => (event.type === 'text' ? event.text : '')).join(''));
      expect(id).toMatch(/^[A-Z]{2}-[^\d"]{3}(é|\\)$/u);
      expect(at >= -0.5 && at < 2).toBe(true);
    }
    await backend.close();
  });

  test('a missing file is said to be missing', async () => {
    await expect(openLocalBackend({file: join(folder, 'none.gguf'), device: 'off'})).rejects.toMatchObject({
      code: 'model_not_found',
    });
  });
});
