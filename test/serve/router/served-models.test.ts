import {expect, test} from 'vitest';
import {ollamaCard} from '../../../src/serve/dialects/ollama/ollama-card.ts';
import {ServedModels} from '../../../src/serve/router/served-models.ts';
import {SCRIPTED_MODEL} from '../../fakes/scripted-backend.ts';

const model = (id: string, ...names: string[]) => ({
  id,
  names,
  bytes: 1,
  info: {...SCRIPTED_MODEL, id},
  card: ollamaCard(SCRIPTED_MODEL),
});
const [small, big] = [model('a-Q4_0', 'a:Q4_0', 'a'), model('a-Q8_0', 'a:Q8_0', 'a')];

test('a name that several have means the first, its own name always means the model itself', () => {
  const twice = [...[small, big], model('a')];
  const models = new ServedModels(twice);
  expect(models.find('A:Q8_0')).toBe(big);
  // A model called so goes before those whose shorter name it is.
  expect(models.find('a')?.id).toBe('a');
  expect(new ServedModels([small, big]).find('a:latest')).toBe(small);
  expect(models.namesOf(small)).toEqual(['a:Q4_0']);
  expect(models.namesOf(big)).toEqual(['a:Q8_0']);
});

test('an alias is one more name; what is no model, or another one, is refused', () => {
  const models = new ServedModels(
    [small, big],
    [
      ['Claude-Sonnet-5', 'a:q8_0'],
      ['gpt', 'claude-sonnet-5'],
    ],
  );
  expect(models.find('claude-sonnet-5')).toBe(big);
  expect(models.find('GPT:latest')).toBe(big);
  expect(models.namesOf(big)).toEqual(['Claude-Sonnet-5', 'gpt', 'a:Q8_0']);
  expect(() => new ServedModels([small], [['x', 'nix']])).toThrow("there is no model 'nix' among those served");
  expect(() => new ServedModels([small, big], [['a', 'a-Q8_0']])).toThrow("'a' is a name of 'a-Q4_0' already");
});

test('a refusal names ten models, and no name longer than a line', () => {
  const many = Array.from({length: 12}, (_, at) => model(`m${at}`));
  const refusal = () => new ServedModels(many).asked('x'.repeat(5000));
  expect(refusal).toThrow(
    `model '${'x'.repeat(100)}…' not found; this server has 'm0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9' and 2 more`,
  );
});
