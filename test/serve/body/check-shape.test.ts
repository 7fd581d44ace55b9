import {expect, test} from 'vitest';
import {z} from 'zod';
import {atOnce} from '../../../src/base/in-turns.ts';
import {fromPlain, toPlain} from '../../../src/base/json.ts';
import {ChatRequestSchema} from '../../../src/serve/body/chat-schema.ts';
import {shapeSteps} from '../../../src/serve/body/check-shape.ts';
import {CompletionRequestSchema} from '../../../src/serve/body/read-completion.ts';
import {NativeCompletionSchema} from '../../../src/serve/body/read-infill.ts';
import {MessagesRequestSchema} from '../../../src/serve/dialects/messages/messages-schema.ts';
import {ResponsesRequestSchema} from '../../../src/serve/dialects/responses/responses-schema.ts';
import {ValidationError} from '../../../src/serve/http-error.ts';

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({length: count}, (_, index) => make(index));
/** `count` good values with another one at `at`. */
const oneWrong = (count: number, at: number, good: unknown, wrong: unknown) =>
  many(count, (index) => (index === at ? wrong : good));

const user = {role: 'user', content: 'a'};
const tool = {type: 'function', function: {name: 'f', parameters: {type: 'object'}}};
const chat = {messages: [user]};

const CASES: readonly (readonly [name: string, schema: z.ZodType, body: object])[] = [
  ['messages', ChatRequestSchema, {messages: many(3000, () => user)}],
  ['no message', ChatRequestSchema, {messages: [], tools: many(400, () => tool)}],
  ['a wrong role far behind', ChatRequestSchema, {messages: oneWrong(3000, 2500, user, {role: 'x', content: 'a'})}],
  ['a wrong content', ChatRequestSchema, {messages: oneWrong(3000, 700, user, {role: 'user', content: 7})}],
  [
    'parts',
    ChatRequestSchema,
    {messages: [user, {role: 'user', content: many(900, () => ({type: 'text', text: 'a'}))}]},
  ],
  [
    'a wrong part',
    ChatRequestSchema,
    {messages: [user, {role: 'user', content: oneWrong(900, 800, {type: 'text', text: 'a'}, {type: 3})}]},
  ],
  ['tools', ChatRequestSchema, {...chat, tools: many(1024, () => tool)}],
  ['a wrong tool', ChatRequestSchema, {...chat, tools: oneWrong(1000, 999, tool, {...tool, type: 'x'})}],
  [
    'large arguments',
    ChatRequestSchema,
    {...chat, tools: [{...tool, function: {name: 'f', parameters: {enum: many(9000, String)}}}]},
  ],
  ['a list for a text', ChatRequestSchema, {...chat, model: many(900, String)}],
  ['an object for a list', ChatRequestSchema, {messages: Object.fromEntries(many(900, (i) => [`a${i}`, i]))}],
  ['a bias', ChatRequestSchema, {...chat, logit_bias: Object.fromEntries(many(2000, (i) => [i, 1]))}],
  [
    'a wrong bias',
    ChatRequestSchema,
    {...chat, logit_bias: Object.fromEntries(many(2000, (i) => [i, i === 1500 ? 101 : 1]))},
  ],
  [
    'a wrong name of a bias',
    ChatRequestSchema,
    {...chat, logit_bias: Object.fromEntries(many(2000, (i) => [i === 1500 ? 'x' : i, 1]))},
  ],
  ['a wrong number beside much', ChatRequestSchema, {messages: many(3000, () => user), temperature: 'hot'}],
  ['ids', CompletionRequestSchema, {prompt: many(9000, () => 5)}],
  ['texts', CompletionRequestSchema, {prompt: many(9000, () => 'a')}],
  ['lists of ids', CompletionRequestSchema, {prompt: many(900, () => [1, 2])}],
  ['ids and texts', CompletionRequestSchema, {prompt: oneWrong(9000, 8000, 5, 'a')}],
  ['a broken id', CompletionRequestSchema, {prompt: oneWrong(9000, 8000, 5, 5.5)}],
  ['pairs', NativeCompletionSchema, {prompt: 'a', logit_bias: many(900, () => [1, false])}],
  ['a wrong pair', NativeCompletionSchema, {prompt: 'a', logit_bias: oneWrong(900, 800, [1, 1], [1, 'x'])}],
  ['a mixed prompt', NativeCompletionSchema, {prompt: many(9000, (i) => (i % 2 ? 'a' : 1))}],
  ['Messages', MessagesRequestSchema, {messages: many(3000, () => user), max_tokens: 2}],
  [
    'a wrong block',
    MessagesRequestSchema,
    {messages: [{role: 'user', content: oneWrong(900, 300, {type: 'text'}, {})}]},
  ],
  ['items', ResponsesRequestSchema, {input: many(3000, () => user)}],
  ['neither input nor instructions', ResponsesRequestSchema, {include: many(900, String)}],
  ['a large input', ResponsesRequestSchema, {input: many(3000, () => user), max_output_tokens: 0.5}],
];

test.each(CASES)('a long body is judged as zod judges the whole: %s', (_name, schema, body) => {
  const json = fromPlain(body);
  const whole = schema.safeParse(toPlain(json));
  const issues = atOnce(shapeSteps(schema, json));
  expect(issues.length === 0).toBe(whole.success);
  if (whole.error) {
    const [mine, zods] = [new ValidationError(issues), new ValidationError(whole.error.issues)];
    expect({path: mine.path, message: mine.message}).toEqual({path: zods.path, message: zods.message});
  }
});

test('it pauses often, and is done with the first piece that is wrong', () => {
  const steps = (messages: readonly unknown[]) => {
    let count = 0;
    for (const walk = shapeSteps(ChatRequestSchema, fromPlain({messages})); !walk.next().done; ) count++;
    return count;
  };
  const good = steps(many(9000, () => user));
  expect(good).toBeGreaterThan(30);
  expect(steps(oneWrong(9000, 0, user, 1))).toBeLessThan(good / 10);
});

test('a list beyond its limit is refused before its items are looked at', () => {
  const issues = atOnce(shapeSteps(z.object({a: z.array(z.string()).max(1000)}), fromPlain({a: many(2000, (i) => i)})));
  expect(new ValidationError(issues)).toMatchObject({
    path: ['a'],
    message: 'Too big: expected array to have <=1000 items',
  });
});
