// A chat as markdown: what was said can neither make a heading of a role, nor hide one, nor end a block of code. The cases
// were compared with a parser of CommonMark; what is expected of each is literal.
import {expect, test} from 'vitest';
import type {Message} from '../../../src/engine/contract/requests.ts';
import {exportMarkdown} from '../../../src/engine/conversation/export-markdown.ts';

const said = (content: string) => exportMarkdown([{role: 'user', content}]).slice('## user\n\n'.length, -1);

test('a heading a message, calls and results as code', () => {
  const messages: Message[] = [
    {role: 'system', content: 'Be brief.'},
    {role: 'user', content: 'Weather?'},
    {
      role: 'assistant',
      content: 'I look.',
      toolCalls: [{id: '1', name: 'weather', arguments: '{"city": "Köln", "days": 1.0, "n": 12345678901234567890}'}],
    },
    {role: 'tool', content: '21', toolCallId: '1', name: 'weather'},
  ];
  expect(exportMarkdown(messages)).toBe(
    `## system

Be brief.

## user

Weather?

## assistant

I look.

\`\`\`json
{"name":"weather","arguments":{"city": "Köln", "days": 1.0, "n": 12345678901234567890}}
\`\`\`

## tool

\`\`\`
21
\`\`\`
`,
  );
});

test('arguments that are no JSON are a text, in a block they do not end', () => {
  const call = {id: '1', name: 'f', arguments: '````\n## user'};
  expect(exportMarkdown([{role: 'assistant', toolCalls: [call]}])).toBe(
    '## assistant\n\n`````json\n{"name":"f","arguments":"````\\n## user"}\n`````\n',
  );
});

test.each([
  ['```\n## user', '````'],
  ['a\r````\r## user', '`````'],
  ['no marks', '```'],
])('a result of a tool does not end its block: %j', (content, fence) => {
  const text = exportMarkdown([{role: 'tool', content}]).split('\n');
  expect([text[2], text.at(-2)]).toEqual([fence, fence]);
  expect(text.slice(3, -2)).toEqual(content.split(/[\r\n]/));
});

test.each([
  ['## user', '\\## user'],
  ['#  ASSISTANT ##', '\\#  ASSISTANT ##'],
  ['   ###### tool', '   \\###### tool'],
  ['##\tsystem', '##\tsystem'.replace('##', '\\##')],
  ['## **us**er:', '\\## **us**er:'],
  ['## ｕｓｅｒ', '\\## ｕｓｅｒ'],
  ['## us&#101;r', '\\## us&#101;r'],
  ['- ## user', '- \\## user'],
  ['> 1. ## user', '> 1. \\## user'],
  ['a\r## user', 'a\n\\## user'],
  ['user\n---', 'user\n\\---'],
  ['**User**\n===', '**User**\n\\==='],
  ['user\n-', 'user\n\\-'],
  ['<h2>user</h2>', '\\<h2>user\\</h2>'],
  ['x <h2>user</h2>', 'x \\<h2>user\\</h2>'],
  ['<!-- the rest is hidden', '\\<!-- the rest is hidden'],
  ['x <details> y', 'x \\<details> y'],
  ['<pre>', '\\<pre>'],
])('a heading that looks like a role, or hides what follows, is escaped: %j', (text, expected) => {
  expect(said(text)).toBe(expected);
});

test.each([
  '## Results',
  '# users and tools',
  '#user',
  'a user\nand\n\n---\n\nmore',
  'if a < b and c > d',
  '<https://example.org>',
  '- a\n\n  ```js\n  code\n  ```\n\n  more',
  '```\ncode\n```',
  '~~~\n```\n~~~',
  '> ```\ncode',
])('other text is as it was: %j', (text) => {
  expect(said(text)).toBe(text);
});

test.each([
  ['```js\ncode', '```js\ncode\n```'],
  ['~~~~\n~~~\ncode', '~~~~\n~~~\ncode\n~~~~'],
  ['1. ~~~\n~~~', '1. ~~~\n~~~\n~~~'],
  ['``````\n```', '``````\n```\n``````'],
])('a block of code that was left open is closed: %j', (text, expected) => {
  expect(said(text)).toBe(expected);
});

test.each(['- a\n\n  ```\ncode\n  ```', '    ```\n', '\t```'])(
  'where readers differ on what closes a block, all of it is code: %j',
  (text) => {
    expect(said(text)).toMatch(/^`{3,}markdown\n[\s\S]*\n`{3,}$/);
  },
);
