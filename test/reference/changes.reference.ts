// What a release of mistral-common makes otherwise than the goldens say: a table, kind of request by kind of change. With
// WRITE_CHANGES it goes into docs/design/mistral-common-releases.md. MISTRAL_COMMON_PYTHON names a Python that has the release.
import {readFileSync, writeFileSync} from 'node:fs';
import {afterAll, expect, test} from 'vitest';
import {isJsonNumber, isJsonObject, type Json, type JsonObject, parseJson, toPlain} from '../../src/base/json.ts';
import {MistralCommon, ownOutcome, toyVocabulary} from './mistral-common.ts';
import {
  type Asked,
  changeOf,
  fingerprintOf,
  isOlder,
  type Outcome,
  PROVED_RELEASE,
  sectionOf,
  withSection,
} from './release-changes.ts';

const goldensText = readFileSync(new URL('../goldens/requests-1.13.1.json', import.meta.url), 'utf8');
const goldens = parseJson(goldensText) as JsonObject;
const builders = toPlain(goldens.get('builders') as JsonObject) as Readonly<Record<string, unknown>>;

const live = await MistralCommon.open();
afterAll(() => live?.close());
if (process.env.WRITE_CHANGES && (live === undefined || live.version === PROVED_RELEASE)) {
  const other = `a Python that has another release of mistral-common than ${PROVED_RELEASE}`;
  throw new Error(`MISTRAL_COMMON_PYTHON has to name ${other}: there is nothing to compare`);
}

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
  const answers = await live.ask(questions);
  const isBefore = isOlder(live.version, PROVED_RELEASE);
  const asked: Asked[] = [];
  for (const [index, question] of questions.entries()) {
    // The goldens are what the tree answers (a fast test holds it), so the tree stands for the proved release.
    const own = await ownOutcome(question.vocabulary, question);
    const theirs = answers[index] as Outcome;
    const [before, after] = isBefore ? [theirs, own] : [own, theirs];
    asked.push({family: question.family, name: question.name, vocabulary: question.vocabulary.name, before, after});
  }
  const [older, newer] = isBefore ? [live.version, PROVED_RELEASE] : [PROVED_RELEASE, live.version];
  const section = sectionOf(older, newer, fingerprintOf(goldensText), asked);
  if (process.env.WRITE_CHANGES) {
    const page = new URL('../../docs/design/mistral-common-releases.md', import.meta.url);
    writeFileSync(page, withSection(readFileSync(page, 'utf8'), section));
    return;
  }
  const changed = asked.flatMap((one) => {
    const change = changeOf(one);
    return change === undefined ? [] : [`${one.vocabulary}: ${one.name}: ${change}: ${JSON.stringify(one.after)}`];
  });
  console.log([section, ...changed].join('\n'));
  expect(changed).toEqual([]);
});
