import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {TemplateVersion} from '../../../src/engine/contract/templates.ts';
import {defaultSystemOf} from '../../../src/engine/template/default-system.ts';
import type {LoadedTokenizer} from '../../../src/engine/template/load-tokenizer.ts';
import {stated} from '../../../src/engine/template/version/detect.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {folderWith} from '../../fixtures/folder.ts';

const DAY = new Date(2026, 2, 1, 0, 30);

function loaded(version: TemplateVersion, more: Partial<LoadedTokenizer> = {}, folder = folderWith()): LoadedTokenizer {
  const template = stated(version, 'a test');
  const own = {tokenizer: toyTokenizer(), template, version, versionReason: 'a test', modelSettings: undefined};
  return {...own, path: join(folder, 'm.gguf'), ...more};
}

const TEMPLATE = (system: string) =>
  `{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] %}{%- set rest = messages[1:] %}` +
  `{%- else %}{%- set system = ${system} %}{%- set rest = messages %}{%- endif %}` +
  `{{- bos_token + '[SYSTEM_PROMPT]' + system + '[/SYSTEM_PROMPT]' }}` +
  `{%- for message in rest %}{%- if message['role'] == 'user' %}{{- '[INST]' + message['content'] + '[/INST]' }}` +
  `{%- elif message['role'] == 'assistant' %}{{- message['content'] + '</s>' }}{%- endif %}{%- endfor %}`;

test('the file beside the model goes before what its conversion kept, and that before its chat template', () => {
  const folder = folderWith({'SYSTEM_PROMPT.txt': 'From the file.\n'});
  const chatTemplate = TEMPLATE("'From the template.'");
  const all = loaded('v7', {keptSystem: 'From the key.', chatTemplate}, folder);
  expect([defaultSystemOf(all)?.origin, defaultSystemOf(all)?.at(DAY)]).toEqual([
    'SYSTEM_PROMPT.txt',
    'From the file.',
  ]);
  const kept = defaultSystemOf({...all, path: join(folderWith(), 'm.gguf')});
  expect([kept?.origin, kept?.at(DAY)]).toEqual(['SYSTEM_PROMPT.txt', 'From the key.']);
  const printed = defaultSystemOf(loaded('v7', {chatTemplate}));
  expect([printed?.origin, printed?.at(DAY), printed?.thinks]).toEqual([
    'its chat template',
    'From the template.',
    false,
  ]);
  expect(defaultSystemOf(loaded('v7'))).toBeUndefined();
  // What this program writes into its own files prints none: it is not rendered.
  expect(defaultSystemOf(loaded('v7', {chatTemplate, isConverted: true}))).toBeUndefined();
  expect(defaultSystemOf(loaded('v7', {chatTemplate: "{{ 'no conversation' }}"}))).toBeUndefined();
});

test.each([
  ['empty', ' \n'],
  ['no UTF-8', Buffer.from([0xff, 0xfe, 0x41])],
  ['too long', 'x'.repeat(262_145)],
])('a file that is %s is none', (_, content) => {
  expect(defaultSystemOf(loaded('v7', {}, folderWith({'SYSTEM_PROMPT.txt': content})))).toBeUndefined();
});

test('name and dates are those of the day that it is taken on', () => {
  const text = 'You are {name}. Today is {today}, yesterday was {yesterday}. {other} stays.';
  const system = defaultSystemOf(loaded('v7', {keptSystem: text, name: 'Small-$&'}));
  expect(system?.at(DAY)).toBe('You are Small-$&. Today is 2026-03-01, yesterday was 2026-02-28. {other} stays.');
  expect(system?.at(new Date(2026, 0, 1))).toContain('Today is 2026-01-01, yesterday was 2025-12-31.');
});

test('a template that takes the date as a variable gets that of the day, also after midnight', () => {
  const chatTemplate = TEMPLATE(`'It is ' + (today if today is defined else '29-04-2026') + '.'`);
  const system = defaultSystemOf(loaded('v15', {chatTemplate}));
  expect(system?.at(DAY)).toBe('It is 01-03-2026.');
  expect(system?.at(new Date(2026, 2, 1, 23, 59))).toBe('It is 01-03-2026.');
  expect(system?.at(new Date(2026, 2, 2))).toBe('It is 02-03-2026.');
});

test('a thought in it is a chunk where the version has a place for it, and plain text elsewhere', () => {
  const text = 'How: [THINK]draft[/THINK]answer';
  const at = (version: TemplateVersion, keptSystem = text) => defaultSystemOf(loaded(version, {keptSystem}))?.at(DAY);
  expect(at('v13')).toEqual([
    {type: 'text', text: 'How: '},
    {type: 'thinking', thinking: 'draft', closed: true},
    {type: 'text', text: 'answer'},
  ]);
  expect(at('v13', '[THINK]only[/THINK]')).toEqual([{type: 'thinking', thinking: 'only', closed: true}]);
  expect(at('v13', 'How: [THINK]open')).toBe('How: [THINK]open');
  for (const version of ['v7', 'v11', 'v15'] as const) expect(at(version)).toBe(text);
  expect(defaultSystemOf(loaded('v13', {keptSystem: text}))?.thinks).toBe(true);
  expect(defaultSystemOf(loaded('v11', {keptSystem: 'Begin with <think>.'}))?.thinks).toBe(true);
});

test('the file is read anew, and a folder of that name is none', () => {
  const folder = folderWith({'SYSTEM_PROMPT.txt': 'one'});
  const here = loaded('v7', {}, folder);
  expect(defaultSystemOf(here)?.at(DAY)).toBe('one');
  writeFileSync(join(folder, 'SYSTEM_PROMPT.txt'), 'two');
  expect(defaultSystemOf(here)?.at(DAY)).toBe('two');
  expect(defaultSystemOf(loaded('v7', {}, folderWith({'SYSTEM_PROMPT.txt/x': ''})))).toBeUndefined();
});
