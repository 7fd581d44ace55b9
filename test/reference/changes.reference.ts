// What a release of mistral-common makes otherwise than the goldens say: a table, kind of request by kind of change.
// MISTRAL_COMMON_PYTHON names a Python that has the release; docs/templates.md says what to do with the table.
import {readFileSync} from 'node:fs';
import {afterAll, expect, test} from 'vitest';
import {isJsonNumber, isJsonObject, type Json, type JsonObject, parseJson, toPlain} from '../../src/base/json.ts';
import {MistralCommon, type Outcome, ownOutcome, PROVED_RELEASE, toyVocabulary} from './mistral-common.ts';

const goldens = parseJson(
  readFileSync(new URL('../goldens/requests-1.13.1.json', import.meta.url), 'utf8'),
) as JsonObject;
const builders = toPlain(goldens.get('builders') as JsonObject) as Readonly<Record<string, unknown>>;

const CHANGES = ['other ids', 'refused now', 'encoded now', 'other class'] as const;
type Change = (typeof CHANGES)[number];

/** The golden is what the tree answers (a fast test holds it), so the tree stands for the release it was proved against. */
function changeOf(before: Outcome, after: Outcome): Change | undefined {
  if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
  if ('tokens' in before) return 'tokens' in after ? 'other ids' : 'refused now';
  return 'tokens' in after ? 'encoded now' : 'other class';
}

const live = await MistralCommon.open();
afterAll(() => live?.close());

test.skipIf(!live)('the goldens are what this release says', {timeout: 600_000}, async () => {
  if (!live) return;
  const questions = ((goldens.get('cases') as readonly Json[]).filter(isJsonObject) as JsonObject[]).flatMap((golden) =>
    [...(golden.get('expect') as JsonObject).keys()].map((name) => {
      const max = golden.get('maxModelInputLen');
      return {
        vocabulary: toyVocabulary(name, builders[name]),
        kind: golden.get('kind') === 'fim' ? ('fim' as const) : ('chat' as const),
        request: golden.get('request') as Json,
        max: isJsonNumber(max) ? Number(max.source) : undefined,
        family: String(golden.get('family')),
        name: String(golden.get('name')),
      };
    }),
  );
  const after = await live.ask(questions);
  const table = new Map<string, Record<Change, number>>();
  const examples: string[] = [];
  for (const [index, question] of questions.entries()) {
    const change = changeOf(await ownOutcome(question.vocabulary, question), after[index] as Outcome);
    if (change === undefined) continue;
    const row = table.get(question.family) ?? {'other ids': 0, 'refused now': 0, 'encoded now': 0, 'other class': 0};
    row[change] += 1;
    table.set(question.family, row);
    examples.push(`${question.vocabulary.name}: ${question.name}: ${change}: ${JSON.stringify(after[index])}`);
  }
  const rows = [...table].map(([family, row]) => `| ${family} | ${CHANGES.map((change) => row[change]).join(' | ')} |`);
  const head = [`| ${PROVED_RELEASE} -> ${live.version} | ${CHANGES.join(' | ')} |`, '|---|---|---|---|---|'];
  console.log([`${questions.length} requests, ${examples.length} changed`, ...head, ...rows, ...examples].join('\n'));
  expect(examples).toEqual([]);
});
