import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {Verdict} from '../../../src/serve/fields/field-rules.ts';
import {FIELD_RULES, type FieldDialect} from '../../../src/serve/fields/field-table.ts';
import {NESTED_FIELDS, type Place} from '../../../src/serve/fields/nested-fields.ts';
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
stands nowhere is told. So is a member of an object within the body (\`messages[].zebra\`), once for all objects of its kind. [HTTP routes](http.md#one-chat-route-for-two-vendors) says how a reply tells.
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

const VERDICTS: Record<Verdict, string> = {refuse: 'refused', told: 'told', none: 'of no effect'};

/** The members of the objects at a place, and what becomes of others, as a row of a list. */
function rowOfPlace({at, known, rules: placed = []}: Place): string {
  const others = Object.entries(VERDICTS).flatMap(([verdict, word]) => {
    const names = placed.filter((rule) => rule.verdict === verdict).map(({name}) => name);
    return names.length === 0 ? [] : [`${word}: ${code(names)}`];
  });
  return [`- \`${at}\`: ${code(known.split(' '))}`, ...others].join('; ');
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
      `Read within objects:\n\n${NESTED_FIELDS[dialect].map(rowOfPlace).join('\n')}`,
    ];
    return parts.join('\n\n');
  });
  sections.push(`## POST /api/chat\n\nRead within objects:\n\n${NESTED_FIELDS.ollama.map(rowOfPlace).join('\n')}`);
  await expect(`${INTRODUCTION}\n${sections.join('\n\n')}\n`).toMatchFileSnapshot('../../../docs/reference/fields.md');
  expect(readFileSync('docs/reference/http.md', 'utf8')).toContain('(fields.md)');
});
