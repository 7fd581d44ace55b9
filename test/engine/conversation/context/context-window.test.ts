import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import type {Backend, GenerationEvent, ModelInfo} from '../../../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest, Message} from '../../../../src/engine/contract/requests.ts';
import type {ContextPolicy} from '../../../../src/engine/conversation/context/context-policy.ts';
import {promptRoom} from '../../../../src/engine/conversation/context/cut-turns.ts';
import {
  Conversation,
  type ConversationEvent,
  type ConversationOptions,
} from '../../../../src/engine/conversation/conversation.ts';
import {CostedBackend} from '../../../fakes/costed-backend.ts';
import {answering, type ScriptedAnswer} from '../../../fakes/scripted-backend.ts';

const never = new AbortController().signal;

interface ContextCase {
  readonly name: string;
  readonly messages: readonly (readonly [string, number])[];
  readonly ctx: number;
  readonly maxTokens: number;
  readonly expect: {
    readonly room: number;
    readonly error?: string;
    readonly kept?: readonly string[];
    readonly droppedTurns?: number;
    readonly droppedMessages?: number;
    readonly tokens?: number;
  };
}

const CASES = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../goldens/context-cases.json'), 'utf8'),
) as readonly ContextCase[];

function messageOf([kind, tokens]: readonly [string, number]): Message {
  const text = 'x'.repeat(tokens);
  if (kind === 'assistant (call)') {
    return {role: 'assistant', toolCalls: [{id: 'abcdefghi', name: 'look', arguments: text}]};
  }
  if (kind === 'tool') return {role: 'tool', content: text, toolCallId: 'abcdefghi', name: 'look'};
  return {role: kind as 'system' | 'user' | 'assistant', content: text};
}

const kindOf = (message: Message) =>
  message.role === 'assistant' && message.toolCalls ? 'assistant (call)' : message.role;

async function all(events: AsyncIterable<ConversationEvent>): Promise<ConversationEvent[]> {
  const list: ConversationEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

function chat(
  backend: CostedBackend,
  contextPolicy: ContextPolicy,
  {maxTokens = 10, ...options}: Partial<ConversationOptions> & {readonly maxTokens?: number} = {},
) {
  const conversation = new Conversation({
    backend,
    settings: () => ({sampling: {temperature: 0.7, maxTokens}}),
    contextPolicy: () => contextPolicy,
    ...options,
  });
  const say = async (text: string) => await all(conversation.send(text, never));
  const sent = () => (backend.requests as ChatCompletionRequest[]).map(({messages}) => messages);
  return {conversation, say, sent};
}

const context = (events: readonly ConversationEvent[]) => events.filter(({type}) => type === 'context');
const texts = (messages: readonly Message[] | undefined) => messages?.map(({content}) => content);

describe('the eleven cases', () => {
  test.each(CASES)('$name', async ({messages, ctx, maxTokens, expect: expected}) => {
    expect(promptRoom(ctx, maxTokens)).toBe(expected.room);
    const backend = new CostedBackend(ctx, [{finish: 'stop'}]);
    const all_ = messages.map(messageOf);
    const {conversation} = chat(backend, 'trim', {maxTokens, messages: all_});
    const turn = all(conversation.send([], never));
    if (expected.error !== undefined) {
      await expect(turn).rejects.toMatchObject({code: expected.error});
      expect(conversation.messages).toEqual(all_);
      expect(conversation.window).toBeUndefined();
      return;
    }
    const events = await turn;
    const [request] = backend.requests as ChatCompletionRequest[];
    expect(request?.messages.map(kindOf)).toEqual(expected.kept);
    expect(backend.render(request as ChatCompletionRequest).tokens).toHaveLength(expected.tokens ?? 0);
    expect(context(events)).toEqual(
      expected.droppedTurns === 0
        ? []
        : [
            {
              type: 'context',
              policy: 'trim',
              droppedTurns: expected.droppedTurns,
              droppedMessages: expected.droppedMessages,
              isFurther: false,
              shortened: [],
            },
          ],
    );
    expect(conversation.messages.slice(0, all_.length)).toEqual(all_);
  });
});

describe('trim', () => {
  test('what was left out stays out until it is full again, and is told before the first event of the answer', async () => {
    const {say, sent, conversation} = chat(new CostedBackend(100), 'trim');
    const events: ConversationEvent[][] = [];
    for (let turn = 1; turn <= 12; turn += 1) events.push(await say(`turn ${String(turn).padStart(3, '0')}`));
    // 10 tokens a turn with its answer, and room for 89 less those of the new one.
    expect(sent().map(({length}) => length)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 9, 11, 13]);
    expect(events.map((turn) => turn[0]?.type)).toEqual([
      ...Array.from({length: 9}, () => 'prompt'),
      'context',
      'prompt',
      'prompt',
    ]);
    expect(events[9]?.slice(0, 2)).toMatchObject([
      {type: 'context', droppedTurns: 5, droppedMessages: 10},
      {type: 'prompt'},
    ]);
    expect(conversation.messages).toHaveLength(24);
  });

  test('a line that is too long by itself changes nothing, and the next one is answered', async () => {
    const {say, sent, conversation} = chat(new CostedBackend(100), 'trim');
    for (const text of ['one', 'two', 'three']) await say(text);
    await expect(say('x'.repeat(200))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      message: 'the prompt has 200 tokens and the context holds 100',
    });
    expect(conversation.window).toBeUndefined();
    await say('four');
    expect(texts(sent().at(-1))).toEqual(['one', 'ok', 'two', 'ok', 'three', 'ok', 'four']);
  });

  test('a message that fills more than the room and fits the context is answered alone', async () => {
    const {say, sent} = chat(new CostedBackend(100), 'trim', {maxTokens: 25});
    await say('one');
    await say('x'.repeat(90));
    expect(texts(sent().at(-1))).toEqual(['x'.repeat(90)]);
  });

  test('a tool result that does not fit is told without its middle, the same in every round; the chat has all of it', async () => {
    const call = {id: 'abcdefghi', name: 'look', arguments: '{}'};
    const answers: (string | ScriptedAnswer)[] = [{calls: [call]}, {calls: [{...call, id: 'abcdefghj'}]}, 'done'];
    const results = [`begin${'y'.repeat(5000)}end`, 'short'];
    const backend = new CostedBackend(
      200,
      answering((_, index) => answers[index] ?? 'more'),
    );
    const {say, sent, conversation} = chat(backend, 'trim', {runTool: async () => results.shift() ?? ''});
    const events = await say('look');
    const [, second, third] = sent();
    const result = second?.at(-1)?.content as string;
    expect(result).toMatch(/^begin[y]{60,}\n\[\.\.\. 4,\d\d\d characters left out \.\.\.\]\n[y]{60,}end$/);
    expect(backend.render({messages: second ?? [], sampling: {temperature: 0}}).tokens).toHaveLength(189);
    // The second round takes more of its middle.
    expect(third?.map(({role}) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool']);
    expect(context(events)).toMatchObject([
      {droppedTurns: 0, droppedMessages: 0, shortened: [{tool: 'look'}]},
      {droppedTurns: 0, droppedMessages: 0, shortened: [{tool: 'look'}]},
    ]);
    expect(conversation.messages[2]?.content).toHaveLength(5008);
  });

  test('a pair of surrogates is not cut in two', async () => {
    const call = {id: 'abcdefghi', name: 'look', arguments: '{}'};
    for (const text of ['😀'.repeat(300), `a${'😀'.repeat(300)}`]) {
      const backend = new CostedBackend(
        200,
        answering((_, index) => (index === 0 ? {calls: [call]} : 'done')),
      );
      const {say, sent} = chat(backend, 'trim', {runTool: async () => text});
      await say('look');
      expect(String(sent()[1]?.at(-1)?.content)).toMatch(
        /^a?(?:😀)+\n\[\.\.\. \d+ characters left out \.\.\.\]\n(?:😀)+$/u,
      );
    }
  });

  test('what is far too long is refused before it is rendered to be counted', async () => {
    const backend = new CostedBackend(100);
    const render = backend.render.bind(backend);
    let rendered = 0;
    backend.render = (request) => {
      rendered += 1;
      return render(request);
    };
    const {say} = chat(backend, 'trim');
    await say('one');
    rendered = 0;
    await expect(say('x'.repeat(1 << 19))).rejects.toMatchObject({code: 'context_length_exceeded'});
    // By the backend itself.
    expect(rendered).toBe(1);
  });

  test('half an exchange with a tool at the cut goes with its turn', async () => {
    const call = {id: 'abcdefghi', name: 'look', arguments: 'x'.repeat(30)};
    const messages: Message[] = [
      {role: 'user', content: 'x'.repeat(30)},
      {role: 'assistant', toolCalls: [call, {...call, id: 'abcdefghj'}]},
      {role: 'tool', content: 'x'.repeat(30), toolCallId: 'abcdefghi', name: 'look'},
    ];
    const {say, sent} = chat(new CostedBackend(200), 'trim', {messages});
    await say('x'.repeat(60));
    expect(sent()).toEqual([[{role: 'user', content: 'x'.repeat(60)}]]);
  });

  test('taking turns back moves the window back', async () => {
    const {say, conversation} = chat(new CostedBackend(40), 'trim');
    for (let turn = 0; turn < 4; turn += 1) await say('12345678');
    expect(conversation.window).toEqual({left: 4});
    conversation.undo();
    expect(conversation.told).toHaveLength(2);
    conversation.undo();
    expect(conversation.window).toBeUndefined();
    expect(texts(conversation.told)).toEqual(['12345678', 'ok', '12345678', 'ok']);
  });

  test('80 turns evaluate at most a quarter of the prompt tokens that dropping turn by turn evaluates', async () => {
    const evaluated = async (slack: boolean) => {
      const backend = new CostedBackend(
        1024,
        answering(() => 'y'.repeat(18)),
      );
      const {say, sent, conversation} = chat(backend, 'trim', {maxTokens: 256});
      for (let turn = 0; turn < 80; turn += 1) {
        if (!slack) dropOldest(conversation);
        await say(`${String(turn).padStart(4, '0')}${'x'.repeat(16)}`);
      }
      return evaluatedTokens(sent());
    };
    const dropOldest = (conversation: Conversation) => {
      // As much as has no room for the next 20.
      const {messages} = conversation;
      const told = Math.floor((767 - 20) / 38) * 2;
      if (messages.length > told) conversation.reset(messages, {left: messages.length - told});
    };
    const turnByTurn = await evaluated(false);
    const policy = await evaluated(true);
    expect({turnByTurn, policy}).toEqual({turnByTurn: 44_746, policy: 4511});
    expect(policy).toBeLessThanOrEqual(turnByTurn / 4);
  });
});

/** Tokens of each prompt behind what it shares with the one before and its answer. */
function evaluatedTokens(requests: readonly (readonly Message[])[]): number {
  let held = '';
  let sum = 0;
  for (const messages of requests) {
    const prompt = messages.map(({content}) => content).join('');
    let shared = 0;
    while (shared < held.length && held[shared] === prompt[shared]) shared += 1;
    sum += prompt.length - shared;
    held = `${prompt}${'y'.repeat(18)}`;
  }
  return sum;
}

describe('stop', () => {
  test('the chat is refused, and nothing of it has changed', async () => {
    const {say, conversation} = chat(new CostedBackend(40), 'stop');
    await say('x'.repeat(20));
    await expect(say('x'.repeat(20))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      message: 'the prompt has 42 tokens and the context holds 40',
    });
    expect(conversation.messages).toHaveLength(2);
  });
});

describe('a server', () => {
  /** It has a context of its own, which it may not tell, and says that it has begun before it has read the prompt. */
  class Server implements Backend {
    readonly model: ModelInfo;
    readonly complete = () => this.#costed.complete({prompt: '', sampling: {temperature: 0}}, never);
    readonly fim = () => this.#costed.fim({prompt: '', sampling: {temperature: 0}}, never);
    /** Tokens of each prompt it was sent. */
    readonly asked: number[] = [];
    readonly #costed: CostedBackend;
    readonly #tellsUsage: boolean;

    constructor(holds: number, tells: number | undefined, tellsUsage = true) {
      this.#costed = new CostedBackend(holds);
      this.model = {...this.#costed.model, contextSize: tells, template: undefined};
      this.#tellsUsage = tellsUsage;
    }

    async *chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
      this.asked.push(this.#costed.render(request).tokens.length);
      yield {type: 'prompt', tokens: [], cached: 0};
      for await (const event of this.#costed.chat(request, signal)) {
        if (event.type === 'finish' && !this.#tellsUsage) {
          yield {...event, usage: {promptTokens: 0, cachedTokens: 0, completionTokens: 0}};
        } else if (event.type !== 'prompt') yield event;
      }
    }

    close = () => this.#costed.close();
  }

  const talk = (backend: Backend) =>
    new Conversation({
      backend,
      settings: () => ({sampling: {temperature: 0, maxTokens: 10}}),
      contextPolicy: () => 'trim',
    });

  test.each([
    // What it has told of the prompts before is enough to know when to cut.
    ['tells its context', new Server(400, 400), 0],
    ['tells the context it was trained with', new Server(400, 4096), 1],
    ['tells no context', new Server(400, undefined), 1],
    ['tells no usage', new Server(400, 400, false), 1],
  ])('that %s: the chat goes on', async (_, server, refusals) => {
    const conversation = talk(server);
    const events: ConversationEvent[] = [];
    const told: number[] = [];
    for (let turn = 0; turn < 50; turn += 1) {
      events.push(...(await all(conversation.send('x'.repeat(40), never))));
      told.push(conversation.told.length);
    }
    expect(conversation.messages).toHaveLength(100);
    expect(events.filter(({type}) => type === 'finish')).toHaveLength(50);
    expect(events.filter(({type}) => type === 'prompt')).toHaveLength(50);
    expect(context(events).length).toBeGreaterThan(2);
    expect(server.asked.filter((tokens) => tokens > 400).length).toBeLessThanOrEqual(refusals);
    expect(server.asked).toHaveLength(50 + server.asked.filter((tokens) => tokens > 400).length);
    // A cut leaves more than the last turn.
    expect(Math.min(...told.slice(2))).toBeGreaterThan(4);
  });

  test('that refuses a message for its own length: it is asked once without the rest, and nothing has changed', async () => {
    const server = new Server(100, undefined);
    const conversation = talk(server);
    await all(conversation.send('one', never));
    await expect(all(conversation.send('x'.repeat(300), never))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      message: 'the prompt has 300 tokens and the context holds 100',
    });
    expect(server.asked).toEqual([3, 305, 300]);
    expect(conversation.messages).toHaveLength(2);
    expect(conversation.window).toBeUndefined();
  });

  test('that fails otherwise is not asked again', async () => {
    const error = new EngineError('backend_unreachable', 'gone');
    const backend = new CostedBackend(
      100,
      answering(() => ({error})),
    );
    const {say} = chat(backend, 'trim');
    await expect(say('one')).rejects.toBe(error);
    expect(backend.requests).toHaveLength(1);
  });
});
