// A version that this program has never heard of is one row: everything that tells versions apart works for it.

import {Command} from 'commander';
import {expect, test} from 'vitest';
import {addEngineOptions} from '../../../src/commands/options.ts';
import {TEMPLATES, type TemplateRow, type TemplateVersion} from '../../../src/engine/contract/templates.ts';
import {chatTemplate} from '../../../src/engine/convert/vocabulary/jinja-template.ts';
import {detectVersion, parseVersion} from '../../../src/engine/template/detect.ts';

const v99 = 'v99' as TemplateVersion;
(TEMPLATES as Record<string, TemplateRow>).v99 = {
  ...TEMPLATES.v15,
  needs: ['[INST]', '[V99]'],
  sign: '[V99]',
  mark: {has: '[V99]'},
};
const vocabulary = (...names: string[]) => ({
  family: 'tekken' as const,
  controlId: (name: string) => (names.includes(name) ? names.indexOf(name) : undefined),
});
const all = vocabulary('[INST]', '[SYSTEM_PROMPT]', '[ARGS]', '[MODEL_SETTINGS]', '[V99]');

test('it is taken from a flag, a tokenizer file, a chat template and a vocabulary', () => {
  const command = new Command().exitOverride();
  addEngineOptions(command);
  expect(command.parse(['--template', 'v99'], {from: 'user'}).opts().template).toBe('v99');
  expect(parseVersion('v99m1')).toBe('v99');
  expect(detectVersion({chatTemplate: 'x [V99] y'}, all).version).toBe('v99');
  expect(detectVersion({}, all).version).toBe('v99');
  expect(detectVersion({}, vocabulary('[INST]', '[MODEL_SETTINGS]')).version).toBe('v15');
});

test('a converted file carries its template', () => {
  expect(chatTemplate(v99)).toBe(chatTemplate('v15').replaceAll('template v15', 'template v99'));
});
