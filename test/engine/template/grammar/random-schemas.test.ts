import {expect, it} from 'vitest';
import {atOnce} from '../../../../src/base/in-turns.ts';
import {parseJson} from '../../../../src/base/json.ts';
import {syntaxFault} from '../../../../src/engine/llama/gbnf-syntax.ts';
import {SchemaGrammar} from '../../../../src/engine/template/grammar/schema-grammar.ts';
import {Gbnf} from '../../../fakes/gbnf.ts';
import {randomOf, randomSchema, validatorOf} from '../../../fakes/random-schema.ts';

const SEED = Number(process.env.SCHEMA_SEED ?? 1);
const SCHEMAS = Number(process.env.SCHEMAS ?? 400);

it(`of ${SCHEMAS} random schemas nothing is drawn that ajv refuses, or what is not held is told`, {
  timeout: 600_000,
}, () => {
  let held = 0;
  const wrong: string[] = [];
  for (let index = 0; index < SCHEMAS; index += 1) {
    const random = randomOf(SEED * 1_000_003 + index);
    const schema = randomSchema(random);
    const text = JSON.stringify(schema);
    const grammar = new SchemaGrammar('call');
    const rule = atOnce(grammar.valueOf(parseJson(text)));
    const fault = syntaxFault(atOnce(grammar.toGbnf(rule)));
    if (fault !== undefined) wrong.push(`${index}: ${fault} by ${text}`);
    const gbnf = new Gbnf(atOnce(grammar.toGbnf(rule)));
    if (grammar.unheld.some(({isAnnotation}) => isAnnotation !== true)) continue;
    const isValid = validatorOf(JSON.parse(text));
    if (isValid === undefined) continue;
    held += 1;
    for (let draw = 0; draw < 20; draw += 1) {
      const drawn = gbnf.draw(random);
      if (isValid(JSON.parse(drawn))) continue;
      wrong.push(`${index}: ${drawn} by ${text}`);
      break;
    }
  }
  expect(wrong.sort((a, b) => a.length - b.length).slice(0, 5)).toEqual([]);
  // A reader that told of every schema would draw nothing at all.
  expect(held).toBeGreaterThan(SCHEMAS / 4);
});
