// Random requests, held to what mistral-common itself makes of them. MISTRAL_COMMON_PYTHON names a Python that has it,
// RANDOM_REQUESTS their number (2,000), RANDOM_SEED where to begin.
import {readFileSync} from 'node:fs';
import {afterAll, expect, test} from 'vitest';
import {dumpsJson, type JsonObject, parseJson, toPlain} from '../../src/base/json.ts';
import {MistralCommon, ownOutcome, toyVocabulary} from './mistral-common.ts';
import {RandomRequests, seeded} from './random-request.ts';
import {PROVED_RELEASE} from './release-changes.ts';

const goldens = parseJson(
  readFileSync(new URL('../goldens/requests-1.13.1.json', import.meta.url), 'utf8'),
) as JsonObject;
const builders = toPlain(goldens.get('builders') as JsonObject) as Readonly<Record<string, unknown>>;
const VERSIONS = ['v1', 'v2', 'v3', 'v7', 'v11', 'v13', ...Object.keys(builders)];
const BATCH = 500;
const SHOWN = 20;

const live = await MistralCommon.open();
afterAll(() => live?.close());

test.skipIf(!live)('random requests are encoded and refused alike', {timeout: 3_600_000}, async () => {
  if (!live) return;
  const count = Number(process.env.RANDOM_REQUESTS ?? 2000);
  const seed = Number(process.env.RANDOM_SEED ?? 1);
  console.log(
    `mistral-common ${live.version}; the tree was proved against ${PROVED_RELEASE}; ${count} requests from seed ${seed}`,
  );
  const vocabularies = VERSIONS.map((name) => toyVocabulary(name, builders[name]));
  const requests = new RandomRequests(seed);
  const random = seeded(seed + 1);
  const differences: string[] = [];
  let encoded = 0;
  for (let done = 0; done < count; done += BATCH) {
    const questions = Array.from({length: Math.min(BATCH, count - done)}, () => {
      const vocabulary = vocabularies[Math.floor(random() * vocabularies.length)] as (typeof vocabularies)[number];
      return {...requests.next(), vocabulary};
    });
    const theirs = await live.ask(questions);
    for (const [index, question] of questions.entries()) {
      const [own, other] = [await ownOutcome(question.vocabulary, question), theirs[index]];
      if (other && 'tokens' in other) encoded += 1;
      if (JSON.stringify(own) === JSON.stringify(other)) continue;
      const asked = `${question.vocabulary.name} ${question.kind} max ${question.max} ${dumpsJson(question.request)}`;
      differences.push(`${asked}\n  ours: ${JSON.stringify(own)}\n  theirs: ${JSON.stringify(other)}`);
    }
  }
  console.log(`${encoded} encoded, ${count - encoded} refused, ${differences.length} different`);
  expect(differences.slice(0, SHOWN).join('\n')).toBe('');
});
