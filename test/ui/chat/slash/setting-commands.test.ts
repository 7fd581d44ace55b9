import {expect, test} from 'vitest';
import {openChat} from '../../../fakes/chat-face.ts';
import {ScriptedBackend, type Step} from '../../../fakes/scripted-backend.ts';
import {toyBackend} from '../../../fakes/toy-backend.ts';

test.each([
  ['/set temperature 0.5', 'note: temperature = 0.5', {temperature: 0.5}],
  ['/set parameter temperature 0.5', 'note: temperature = 0.5', {temperature: 0.5}],
  ['/set TOP-P 0.9', 'note: top_p = 0.9', {temperature: 0.7, topP: 0.9}],
  ['/temp 1', 'note: temperature = 1', {temperature: 1}],
  ['/seed 7', 'note: seed = 7', {temperature: 0.7, seed: 7}],
  ['/max 3', 'note: max_tokens = 3', {temperature: 0.7, maxTokens: 3}],
  ['/set stop two words\\n', 'note: stop: "two words\\n"', {temperature: 0.7, stop: ['two words\n']}],
])('%s changes the requests from now on', async (line, note, sampling) => {
  const {say, backend} = await openChat(['ok']);
  expect(await say(line)).toEqual([note]);
  await say('hi');
  expect(backend.requests[0]?.sampling).toEqual(sampling);
});

test.each([
  ['/temp hot', 'error: temperature is a number from 0 to 100, not hot'],
  ['/temp 101', 'error: temperature is a number from 0 to 100, not 101'],
  ['/temp off', 'error: temperature is a number from 0 to 100, not off'],
  ['/max 2.5', /^error: max_tokens is an integer/],
  ['/set temperature', 'error: /set temperature needs a value (/set without a name lists all settings)'],
  ['/set heat 3', /^error: there is no setting heat \(settings: .*temperature, /],
])('%s is refused and changes nothing', async (line, shown) => {
  const {say, core} = await openChat();
  const [error] = await say(line);
  expect(error).toMatch(shown instanceof RegExp ? shown : new RegExp(`^${shown.replaceAll(/[()/]/g, '\\$&')}$`));
  expect(core.settings.sampling).toEqual({temperature: 0.7});
});

test('a setting is switched off again, and /set shows all of them', async () => {
  const {say, core} = await openChat();
  await say('/seed 7');
  expect(await say('/seed off')).toEqual(['note: seed is off']);
  await say('/set stop x');
  expect(await say('/set stop off')).toEqual(['note: no stop strings']);
  expect(core.settings.sampling).toEqual({temperature: 0.7});
  const [list = ''] = await say('/set');
  expect(list).toMatch(/^temperature +0\.7 /m);
  expect(list).toMatch(/^seed +off /m);
});

test('/effort shows and sets how much the model thinks, by its own levels', async () => {
  const efforts = {levels: ['none', 'high'], default: 'none'};
  const {say, backend} = await openChat(['ok'], {backend: new ScriptedBackend(['ok'], {efforts})});
  expect(await say('/effort')).toEqual(['note: reasoning effort: none, one of none, high']);
  expect(await say('/effort max')).toEqual(['error: this model has the levels none, high, not max']);
  expect(await say('/effort high')).toEqual(['note: reasoning effort: high']);
  expect(await say('/effort')).toEqual(['note: reasoning effort: high, one of none, high']);
  await say('hi');
  expect(await say('/effort off')).toEqual(['note: reasoning effort: the default of the model']);
  await say('hi');
  expect(backend.requests.map((one) => 'reasoningEffort' in one && one.reasoningEffort)).toEqual(['high', false]);
});

test('/effort where nobody knows the levels takes any, and where there are none takes none', async () => {
  const {say} = await openChat();
  expect(await say('/effort')).toEqual(['note: reasoning effort: not set']);
  expect(await say('/effort high')).toEqual(['note: reasoning effort: high']);
  const none = await openChat([], {backend: new ScriptedBackend([], {efforts: {levels: []}})});
  expect(await none.say('/effort high')).toEqual(['error: this model has no levels of reasoning effort']);
});

test('/set think shows thoughts, or not', async () => {
  const {say, core} = await openChat();
  expect(await say('/set think show')).toEqual(['note: thoughts are shown']);
  expect(core.settings.showThoughts).toBe(true);
  expect(await say('/set think hide')).toEqual(['note: thoughts are collapsed']);
  expect(core.settings.showThoughts).toBe(false);
  expect(await say('/set think drop')).toEqual(['note: thoughts of earlier answers are no longer sent']);
  expect(core.settings.dropThoughts).toBe(true);
  expect(await say('/set think keep')).toEqual(['note: thoughts of earlier answers are sent to the model again']);
  expect(core.settings.dropThoughts).toBe(false);
  expect((await say('/set think loud'))[0]).toMatch(/^error: think must be show, hide, drop or keep, not loud/);
});

test('/model says what answers, without control characters', async () => {
  const backend = new ScriptedBackend([], {id: 'a\u001b[2Jb', supportsFim: false});
  const {say} = await openChat(undefined, {backend});
  const shown = [
    'note: model      a[2Jb',
    'file       /models/scripted.gguf',
    'template   v3 (it is a fake)',
    'context    256 tokens (the model was trained for 1,024)',
    'runs on    nowhere',
    'abilities  tools',
  ];
  expect(await say('/model')).toEqual([shown.join('\n')]);
  expect(await say('/show')).toEqual([shown.join('\n')]);
});

test('/model of a server that says little', async () => {
  const model = {
    path: undefined,
    template: undefined,
    contextSize: undefined,
    supportsFim: false,
    supportsTools: false,
  };
  const {say} = await openChat(undefined, {backend: new ScriptedBackend([], model)});
  expect(await say('/model')).toEqual(['note: model      scripted\nruns on    nowhere\nabilities  chat']);
});

test('/stats are those of the last answer', async () => {
  const {say} = await openChat(['one', 'two'], {sampling: {asked: {seed: 7}, otherwise: {temperature: 0}}});
  await say('hi');
  expect(await say('/stats')).toEqual([
    [
      'note: prompt     5 tokens, 0 of them cached; 0.01 s (500.0 tok/s)',
      'answer     2 tokens; 0.10 s (20.0 tok/s)',
      'first      0.02 s',
      'seed       7',
    ].join('\n'),
  ]);
});

test('/stats say what of an answer was a thought', async () => {
  const thinks = (said: readonly number[]) => (said.includes(36) ? [2] : [said.length === 0 ? 35 : 165]);
  const {backend} = toyBackend({answer: () => [], ranked: thinks});
  const {say} = await openChat(undefined, {open: async () => backend});
  await say('/set thinking_budget 4');
  await say('hi');
  expect((await say('/stats'))[0]).toContain('\nthought    4 of these tokens, ended by its budget\n');
});

test('/tokens shows the ids of the last prompt, control tokens in brackets, a line end as two characters', async () => {
  const {say} = await openChat(['ok']);
  await say('a\nb');
  expect(await say('/tokens')).toEqual(['rows: 6 tokens\n1<<s>> 3<[INST]> 197a 110\\n 198b 4<[/INST]>']);
  expect(await say('/template')).toHaveLength(1);
});

test('/tokens of a server without a vocabulary says how to get it', async () => {
  const backend = Object.assign(new ScriptedBackend(['ok'] satisfies Step[]), {tokenizer: undefined});
  const {say} = await openChat(undefined, {backend});
  expect(await say('/tokens')).toEqual([
    'error: this server does not expose its vocabulary; give one with --tokenizer',
  ]);
});

test('/set stats and /set notify take one of their words, and are listed', async () => {
  const {say, core} = await openChat();
  expect(core.settings).toMatchObject({stats: 'off', notify: 'auto'});
  expect(await say('/set stats full')).toEqual(['note: stats = full']);
  expect(await say('/set notify always')).toEqual(['note: notify = always']);
  expect(core.settings).toMatchObject({stats: 'full', notify: 'always'});
  expect(await say('/set stats some')).toEqual(['error: stats must be one of off, on, full, not some']);
  expect(core.settings.stats).toBe('full');
  const [list = ''] = await say('/set');
  expect(list).toContain('stats                full       figures below each answer: off, on, full');
});
