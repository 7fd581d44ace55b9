// Chats by templates of other models over Mistral's vocabularies: which ids they become, and where answers end.
import fc from 'fast-check';
import {afterAll, describe, expect, test} from 'vitest';
import {parseJson} from '../../../../src/base/json.ts';
import {collectAnswer} from '../../../../src/engine/contract/collect-answer.ts';
import type {ChatCompletionRequest, Message} from '../../../../src/engine/contract/requests.ts';
import {parseGguf} from '../../../../src/engine/gguf/read-header.ts';
import {LocalBackend} from '../../../../src/engine/local/local-backend.ts';
import {type LoadedTokenizer, loadFromGguf} from '../../../../src/engine/template/load-tokenizer.ts';
import {PromptWriter} from '../../../../src/engine/template/prompt-writer.ts';
import {ScriptedTokenModel} from '../../../fakes/scripted-token-model.ts';
import {type GgufValue, ggufBytes} from '../../../fixtures/gguf.ts';
import {type Changes, mistralMetadata} from '../../../fixtures/mistral-words.ts';

const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const HERMES = `{% if tools %}{{ '<|im_start|>system\\n<tools>' }}{% for t in tools %}{{ t | tojson }}{% endfor %}{{ '</tools><|im_end|>\\n' }}{% endif %}{% for m in messages %}{% if m.role == 'tool' %}{{ '<|im_start|>tool\\n<tool_response>' + m.content + '</tool_response><|im_end|>\\n' }}{% elif m.tool_calls %}{{ '<|im_start|>assistant' }}{% for c in m.tool_calls %}{{ '\\n<tool_call>\\n{"name": "' + c.function.name + '", "arguments": ' + (c.function.arguments | tojson) + '}\\n</tool_call>' }}{% endfor %}{{ '<|im_end|>\\n' }}{% else %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;
const ZEPHYR =
  "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + eos_token + '\\n' }}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}{% endfor %}";
const ALPACA =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '### Instruction:\\n' + m.content + '\\n\\n' }}{% else %}{{ '### Response:\\n' + m.content | trim + '\\n\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}";

const IM: Changes = {add: ['<|im_end|>', '<|im_start|>'], end: '<|im_end|>'};

function load(
  template: string,
  kind = 'spm-v1',
  changes: Changes = {},
  more: Record<string, GgufValue> = {},
): LoadedTokenizer {
  const metadata = {...mistralMetadata(kind, changes), 'tokenizer.chat_template': template, ...more};
  const bytes = ggufBytes(metadata);
  return loadFromGguf(parseGguf('/nowhere/m.gguf', bytes, bytes.length));
}

const open: PromptWriter[] = [];
afterAll(async () => {
  for (const writer of open) await writer.close();
});
function writerOf(loaded: LoadedTokenizer): PromptWriter {
  const writer = new PromptWriter(loaded);
  open.push(writer);
  return writer;
}

const user = (content: string): Message => ({role: 'user', content});
const ask = (messages: readonly Message[], more: Partial<ChatCompletionRequest> = {}): ChatCompletionRequest => ({
  messages,
  sampling: {temperature: 0},
  ...more,
});
const chatml = load(CHATML, 'spm-v1', IM);
const hermes = load(HERMES, 'spm-v1', IM);

async function pieces(loaded: LoadedTokenizer, request: ChatCompletionRequest): Promise<string> {
  const {tokens} = await writerOf(loaded).write(request);
  return tokens.map((token) => loaded.tokenizer.piece(token)).join(' ');
}

describe('ids', () => {
  test.each([
    [
      'ChatML with added tokens',
      chatml,
      '<s> <|im_start|> ▁ u s er <0x0A> H i <|im_end|> ▁ <0x0A> <|im_start|> ▁a s s i s t a n t <0x0A>',
    ],
    [
      'Zephyr, typed as text',
      load(ZEPHYR),
      '<s> ▁ < | u s er | > <0x0A> H i </s> ▁ <0x0A> < | a s s i s t a n t | > <0x0A>',
    ],
    [
      'a template that prints <s> itself',
      load(ALPACA),
      '<s> ▁ # # # ▁ I n s t r u c t i on : <0x0A> H i <0x0A> <0x0A> # # # ▁ R e s p on s e : <0x0A>',
    ],
    [
      'no word mark where the file says so',
      load(CHATML, 'spm-v1', IM, {'tokenizer.ggml.add_space_prefix': false}),
      '<s> <|im_start|> u s er <0x0A> H i <|im_end|> <0x0A> <|im_start|> a s s i s t a n t <0x0A>',
    ],
    [
      'no <s> where the file says so',
      load(CHATML, 'spm-v1', IM, {'tokenizer.ggml.add_bos_token': false}),
      '<|im_start|> ▁ u s er <0x0A> H i <|im_end|> ▁ <0x0A> <|im_start|> ▁a s s i s t a n t <0x0A>',
    ],
    [
      'tekken',
      load(CHATML, 'tekken-v7', IM),
      '<s> <|im_start|> u s er \n H i <|im_end|> \n <|im_start|> a s s i s t a n t \n',
    ],
  ])('%s', async (_, loaded, expected) => {
    expect(await pieces(loaded, ask([user('Hi')]))).toBe(expected);
  });

  test('an answer that was begun is gone on with', async () => {
    const begun = ask([user('Hi'), {role: 'assistant', content: 'Yes', prefix: true}]);
    expect(await pieces(chatml, begun)).toMatch(/<\|im_start\|> ▁a s s i s t a n t <0x0A> Y e s$/);
  });
});

describe('the end of an answer', () => {
  test.each([
    [
      'the token that the template prints behind one',
      load(CHATML, 'spm-v1', {add: IM.add ?? []}),
      ['</s>', '<|im_end|>'],
      [],
    ],
    ['the end token of the file', load(ZEPHYR), ['</s>'], []],
    ['the first line of what follows', load(ALPACA), ['</s>'], ['### Instruction:']],
    ['text in place of a token', load(CHATML), ['</s>'], ['<|im_end|>']],
  ])('%s', async (_, loaded, tokens, stops) => {
    const end = await writerOf(loaded).foreign?.answerEnd();
    expect([...(end?.tokens ?? [])].map((token) => loaded.tokenizer.piece(token)).sort()).toEqual([...tokens].sort());
    expect(end?.stops).toEqual(stops);
  });
});

describe('tools', () => {
  const parameters = parseJson('{"type": "object", "properties": {"2": {"const": 1.0}, "1": {}}}');
  const tools = [{name: 'f', description: 'd', parameters}];

  test('are told as the template tells them, with order and numbers as they were written', async () => {
    const text = (await pieces(hermes, ask([user('Hi')], {tools}))).replaceAll(' ', '').replaceAll('▁', ' ');
    expect(text).toContain('"properties": {"2": {"const": 1.0}, "1": {}}');
  });

  test('calls go to the template as it wants them', async () => {
    const call = {id: 'call_1', name: 'f', arguments: '{"a": 1}'};
    const messages: readonly Message[] = [
      user('Hi'),
      {role: 'assistant', toolCalls: [call]},
      {role: 'tool', content: 'r', toolCallId: 'call_1'},
    ];
    const text = (await pieces(hermes, ask(messages, {tools})))
      .replaceAll(' ', '')
      .replaceAll('▁', ' ')
      .replaceAll('<0x0A>', '\n');
    expect(text).toContain('<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>');
    expect(text).toContain('<tool_response>r</tool_response>');
    expect(writerOf(hermes).foreign?.tools).toEqual({isOffered: true, calls: 'hermes', argumentsAs: 'object'});
  });

  test.each([
    [chatml, {tools}, 'has no tools'],
    [hermes, {tools, toolChoice: 'any'}, 'has no form in which a call can be demanded'],
    [hermes, {reasoningEffort: 'high'}, 'takes no reasoning effort'],
    [hermes, {truncateForContextLength: true}, 'drops no old messages'],
  ] as const)('what a template cannot say is refused %#', async (loaded, more, message) => {
    const writing = Promise.resolve().then(() => writerOf(loaded).write(ask([user('Hi')], more)));
    await expect(writing).rejects.toMatchObject({code: 'unsupported', message: expect.stringContaining(message)});
  });
});

describe('refusals', () => {
  const refusing = load(
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system prompts') }}{% endif %}<|user|>{{ m.content }}{% endfor %}",
  );
  test("a template's own words are told", async () => {
    const messages: readonly Message[] = [{role: 'system', content: 'S'}, user('Hi')];
    await expect(writerOf(refusing).write(ask(messages))).rejects.toMatchObject({
      code: 'invalid_request',
      message: "The model's chat template refuses this conversation: no system prompts",
    });
    expect(await pieces(refusing, ask([user('Hi')]))).toBe('<s> ▁ < | u s er | > H i');
  });

  test.each([
    [[], 'A conversation needs at least one message.'],
    [[user('a'), {role: 'assistant', content: 'b'} as const], 'there is nothing to answer'],
    [[{role: 'user', content: [{type: 'image'}]} as const], 'tells a model no image'],
  ])('%#', async (messages, message) => {
    const writing = Promise.resolve().then(() => writerOf(chatml).write(ask(messages)));
    await expect(writing).rejects.toThrow(message);
  });

  test('a rendering that does not end is told, and the next conversation is answered', async () => {
    const loops = load(
      "{% for m in messages %}{% if m.content == 'loop' %}{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}{% endif %}<|user|>{{ m.content }}{% endfor %}",
    );
    await expect(writerOf(loops).write(ask([user('loop')]))).rejects.toMatchObject({
      code: 'invalid_request',
      message: "The model's chat template failed: it did not end within 1 s",
    });
    const writer = writerOf(loops);
    const [slow, quick] = await Promise.allSettled([
      writer.write(ask([user('loop')])),
      writer.write(ask([user('Hi')])),
    ]);
    expect([slow.status, quick.status]).toEqual(['rejected', 'fulfilled']);
  });
});

test('no text of a request becomes a control token', async () => {
  const hostile = fc.array(
    fc.constantFrom(
      '<|im_start|>',
      '<|im_end|>',
      '</s>',
      '<s>',
      '<|im_',
      'start|>',
      'end|>',
      '<',
      '/s>',
      '|>',
      ' ',
      '\n',
      'a',
      '\u{f0000}',
      '[INST]',
    ),
    {maxLength: 6},
  );
  const texts = fc.array(
    hostile.map((parts) => parts.join('')),
    {minLength: 1, maxLength: 4},
  );
  const writers = [chatml, hermes, load(ZEPHYR, 'spm-v1', IM), load(ALPACA, 'tekken-v7', IM)].map((loaded) => ({
    loaded,
    writer: writerOf(loaded),
  }));
  const controlsOf = async ({loaded, writer}: (typeof writers)[number], contents: readonly string[]) => {
    const messages = contents.map(
      (content, index): Message => ({role: index % 2 === 0 ? 'user' : 'assistant', content}),
    );
    const last = messages.length % 2 === 0 ? [...messages, user('x')] : messages;
    const {tokens} = await writer.write(ask(last));
    const special = new Set(loaded.tokenizer.specials.values());
    return tokens.filter((token) => special.has(token));
  };
  await fc.assert(
    fc.asyncProperty(texts, fc.nat(writers.length - 1), async (contents, which) => {
      const one = writers[which] as (typeof writers)[number];
      expect(await controlsOf(one, contents)).toEqual(
        await controlsOf(
          one,
          contents.map(() => 'harmless'),
        ),
      );
    }),
    {numRuns: 400},
  );
});

test('a thinking budget, which is kept for the templates of versions alone, is not lost in silence', async () => {
  const tokenModel = new ScriptedTokenModel({answer: () => [2]});
  const backend = new LocalBackend({...chatml, tokenModel, id: 'm', trainedContextSize: 2048, device: 'script'});
  const request = ask([user('a')], {sampling: {temperature: 0, thinkingBudget: 3}});
  const {finish} = await collectAnswer(backend.chat(request, new AbortController().signal));
  await backend.close();
  expect(finish.notes).toEqual([
    "a thinking budget is kept for Mistral's own templates only: this model may think beyond it",
  ]);
});
