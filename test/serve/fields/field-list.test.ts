import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {Verdict} from '../../../src/serve/fields/field-rules.ts';
import {FIELD_RULES, type FieldDialect} from '../../../src/serve/fields/field-table.ts';
import {testServer} from '../server.ts';

/** Under the headings of the page: whose rules, and which route. */
const ROUTES: readonly [url: string, dialect: FieldDialect][] = [
  ['/v1/chat/completions', 'chat'],
  ['/v1/completions', 'completions'],
  ['/v1/fim/completions', 'fim'],
  ['/v1/responses', 'responses'],
  ['/v1/messages', 'messages'],
  ['/completion', 'llama'],
  ['/infill', 'infill'],
];

const INTRODUCTION = `# Fields of requests

Written from the server's own table of fields and the shapes of its bodies by \`test/serve/fields/field-list.test.ts\`; \`npx vitest -u\`
on that file writes it anew. A field that a route honours has its meaning there; one that is refused is a 400 that names it, unless
its value asks for nothing; one that is told is ignored, and the reply says so; the rest cannot change the answer. A field that
stands nowhere is told. [HTTP routes](http.md#one-chat-route-for-two-vendors) says how a reply tells.
`;

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** The names under each reason, as rows of a table. */
function rowsOf(dialect: FieldDialect, verdict: Verdict, honoured: ReadonlySet<string>): string {
  const seen = new Set(honoured);
  const byWhy = new Map<string, string[]>();
  for (const rule of FIELD_RULES[dialect]) {
    if (seen.has(rule.name)) continue;
    seen.add(rule.name);
    if (rule.verdict === verdict) byWhy.set(rule.why, [...(byWhy.get(rule.why) ?? []), rule.name]);
  }
  return [...byWhy].map(([why, names]) => `- ${code(names)}: ${why}`).join('\n');
}

test('docs/reference/fields.md says what becomes of each field, route by route', async () => {
  const {app} = await testServer();
  await app.ready();
  const {paths} = app.swagger() as {paths: Record<string, {post?: object}>};
  const sections = ROUTES.map(([url, dialect]) => {
    const body = JSON.stringify(paths[url]?.post);
    const {requestBody} = JSON.parse(body);
    const honoured = Object.keys(requestBody.content['application/json'].schema.properties).sort();
    const known = new Set(honoured);
    const parts = [
      `## POST ${url}`,
      `Honoured: ${code(honoured)}.`,
      `Refused:\n\n${rowsOf(dialect, 'refuse', known)}`,
      `Told:\n\n${rowsOf(dialect, 'told', known)}`,
      `Of no effect:\n\n${rowsOf(dialect, 'none', known)}`,
    ];
    return parts.join('\n\n');
  });
  await expect(`${INTRODUCTION}\n${sections.join('\n\n')}\n`).toMatchFileSnapshot('../../../docs/reference/fields.md');
  expect(readFileSync('docs/reference/http.md', 'utf8')).toContain('(fields.md)');
});
