// Which template a file asks for: recipes of files as they are published, and what the rules do beside them.
import {readFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {
  detectTemplate,
  parseVersion,
  stated,
  type VersionClues,
} from '../../../../src/engine/template/version/detect.ts';
import {readTemplate} from '../../../../src/engine/template/version/read-template.ts';
import {CONTROLS, wordsOf} from '../../../fixtures/mistral-words.ts';

interface Recipe {
  readonly name: string;
  readonly template?: string;
  readonly vocabulary: string;
  readonly names: readonly string[];
  readonly add?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
  readonly eos?: string;
  readonly key?: string;
  readonly expect: {
    readonly verdict: string;
    readonly confidence?: string;
    readonly defaultSystem?: string;
    readonly settings?: Readonly<Record<string, {readonly values?: readonly string[]; readonly default?: string}>>;
  };
}

const {cases} = JSON.parse(readFileSync('test/goldens/template-detection.json', 'utf8')) as {cases: readonly Recipe[]};

function vocabularyOf({vocabulary, add = [], rename = {}, eos}: Recipe) {
  const controls = CONTROLS[vocabulary];
  const changes = {add: [...add, ...Object.values(rename)], end: eos, isMistrals: controls !== undefined};
  return wordsOf(vocabulary.startsWith('tekken') ? 'tekken' : 'spm', controls ?? [], changes);
}

test.each(cases.map((recipe) => [recipe.name, recipe] as const))('%s', (_, recipe) => {
  const {verdict, confidence, defaultSystem, settings = {}} = recipe.expect;
  const clues = {chatTemplate: recipe.template, names: recipe.names, ownKey: recipe.key};
  const found = detectTemplate(clues, vocabularyOf(recipe));
  expect([found.version ?? found.form, found.confidence]).toEqual([verdict, confidence]);
  if (defaultSystem !== undefined) expect(found).toMatchObject({defaultSystem});
  for (const [name, {values, default: byDefault}] of Object.entries(settings)) {
    const printed = found.form === 'mistral' ? (found.settings?.settings ?? []) : [];
    const said = values && {kind: 'enum', values, default: byDefault};
    expect(printed).toContainEqual(expect.objectContaining({name, ...said}));
  }
});

test('there are 54 recipes', () => {
  expect(cases).toHaveLength(54);
});

describe('from the vocabulary alone', () => {
  test.each([
    ['spm', 'spm-v1', 'v1', 'likely'],
    ['spm', 'spm-v2', 'v2', 'likely'],
    ['spm', 'spm-v3', 'v3', 'likely'],
    ['spm', 'spm-v7', 'v7', 'likely'],
    ['tekken', 'tekken-v7', 'v7', 'guess'],
    ['tekken', 'tekken-v11', 'v11', 'guess'],
    ['tekken', 'tekken-v13', 'v13', 'guess'],
    ['tekken', 'tekken-v15', 'v15', 'guess'],
  ] as const)('%s with the tokens of %s', (family, controls, version, confidence) => {
    expect(detectTemplate({}, wordsOf(family, CONTROLS[controls] ?? []))).toMatchObject({version, confidence});
  });

  test('a guess names the flags for the others', () => {
    expect(detectTemplate({}, wordsOf('tekken', CONTROLS['tekken-v7'] ?? []))).toEqual({
      form: 'mistral',
      version: 'v7',
      confidence: 'guess',
      reasons: ['it has no chat template', 'its vocabulary fits v7 best; v3 would fit too (--template v3)'],
    });
  });
});

describe('a name decides where the vocabulary leaves two versions, and only there', () => {
  test.each([
    ['Mistral Nemo Instruct 2407', 'tekken-v7', 'v3'],
    ['Ministral-8B-Instruct-2410', 'tekken-v7', 'v3'],
    ['Mistral-Small-24B-Instruct-2501', 'tekken-v7', 'v7'],
    ['Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf', 'tekken-v13', 'v11'],
    ['Magistral-Small-2506', 'tekken-v13', 'v11'],
    ['Magistral-Small-2509', 'tekken-v11', 'v13'],
    ['Ministral-3-8B-Instruct-2512', 'tekken-v11', 'v13'],
    ['Devstral-Small-2505', 'tekken-v11', 'v11'],
    ['Devstral-Small-2507', 'tekken-v7', 'v7'],
    ['Mistral Small 4', 'tekken-v15', 'v15'],
    ['Mistral Nemo with settings', 'tekken-v15', 'v15'],
  ])('%s', (name, controls, version) => {
    const names = ['model', name];
    expect(detectTemplate({names}, wordsOf('tekken', CONTROLS[controls] ?? []))).toMatchObject({version});
  });
});

const USER = "{% for m in messages %}{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}";
const ANSWER = "{% else %}{{ m.content + '</s>' }}{% endif %}{% endfor %}";
const MODEL_SETTINGS =
  '[MODEL_SETTINGS]{"reasoning_effort": "none", "verbosity": "brief", "depth": 3}[/MODEL_SETTINGS]';

describe('from what the chat template prints', () => {
  const tekken13 = wordsOf('tekken', CONTROLS['tekken-v13'] ?? []);

  test('one that fits no version of the vocabulary is passed over, which is a guess', () => {
    const chatTemplate = `${USER}{% elif m.role == 'system' %}{{ '[SYSTEM_PROMPT]' + m.content + '[/SYSTEM_PROMPT]' }}${ANSWER}`;
    expect(detectTemplate({chatTemplate}, wordsOf('spm', CONTROLS['spm-v3'] ?? []))).toEqual({
      form: 'mistral',
      version: 'v3',
      confidence: 'guess',
      reasons: ['its chat template (v7, v11, v13, v15) does not fit the vocabulary', 'its vocabulary is that of v3'],
    });
  });

  test('settings that nobody knows keep the value that is printed', () => {
    const chatTemplate = `{{ '${MODEL_SETTINGS}' }}${USER}${ANSWER}`;
    expect(detectTemplate({chatTemplate}, wordsOf('tekken', CONTROLS['tekken-v15'] ?? []))).toMatchObject({
      version: 'v15',
      settings: {
        settings: [
          {name: 'reasoning_effort', values: ['none'], default: 'none'},
          {name: 'verbosity', values: ['brief'], default: 'brief'},
          {name: 'depth', kind: 'unknown', isDemanded: true},
        ],
      },
    });
  });

  test.each([
    ['a comment', `{# <|im_start|> #}${USER}${ANSWER}`, 'v13'],
    ['a branch that is not taken', `{% if false %}<|im_start|>{% endif %}${USER}${ANSWER}`, 'v13'],
    ['a name of its own for the end', `${USER.replace('[/INST]', '[/INST] think:')}${ANSWER}`, 'foreign'],
    ['another end of an answer', `${USER}${ANSWER.replace('</s>', '<|end|>')}`, 'foreign'],
    ['a loop without end', '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}', 'unknown'],
    ['a text that refuses everything', "{{ raise_exception('no') }}", 'unknown'],
    ['a text that prints what Python spells otherwise', '{{ messages }}', 'unknown'],
    ['one that cannot be read, with the marks of v13', "{% bad %}{{ '[INST]' '[/INST]' '[ARGS]' }}", 'v13'],
    [
      'one that cannot be read, with marks of another model',
      "{% bad %}{{ '[INST]' '[/INST]' '<|im_start|>' }}",
      'unknown',
    ],
    ['an empty text', '', 'unknown'],
    ['a name', 'chatml', 'unknown'],
    ['the name of no version', 'mistral-v99', 'unknown'],
  ])('%s', (_, chatTemplate, verdict) => {
    const found = detectTemplate({chatTemplate}, tekken13);
    expect(found.version ?? found.form).toBe(verdict);
    expect(found.reasons.length).toBeGreaterThan(0);
  });

  test('why a template cannot be used is said', () => {
    const reasons = (chatTemplate: string) => detectTemplate({chatTemplate}, tekken13).reasons;
    expect(reasons("{{ raise_exception('only my own') }}")).toEqual(['its chat template cannot be used: only my own']);
    expect(reasons('{{ messages }}')).toEqual([
      'its chat template cannot be used: it prints a list, which Python spells in its own way',
    ]);
    expect(reasons('chatml')).toEqual([
      'its chat template cannot be used: "chatml" is neither a template nor a name that is known here',
    ]);
  });

  test("Mistral's form over other words is rendered as another model's; a name cannot be", () => {
    const other = wordsOf('tekken', CONTROLS['tekken-v13'] ?? [], {isMistrals: false});
    expect(detectTemplate({chatTemplate: USER + ANSWER}, other)).toMatchObject({
      form: 'foreign',
      confidence: 'likely',
      reasons: ['its chat template prints [INST] text [/INST]', "but its vocabulary is not Mistral's"],
    });
    expect(detectTemplate({chatTemplate: 'mistral-v7'}, other)).toMatchObject({form: 'unknown'});
  });
});

test('the strongest clue wins', () => {
  const tokenizer = wordsOf('tekken', CONTROLS['tekken-v13'] ?? []);
  const clues: VersionClues = {
    flag: 'v15',
    ownKey: 'v3',
    tokenizerFile: {name: 'tekken.json', version: 'v7'},
    chatTemplate: 'mistral-v11-tekken',
    names: ['Magistral'],
  };
  const detect = (more: VersionClues) => detectTemplate({...clues, ...more}, tokenizer);
  const without = {flag: undefined, ownKey: undefined, tokenizerFile: undefined};
  expect(detect({})).toEqual(stated('v15', 'as asked for'));
  expect(detect({flag: undefined})).toEqual(stated('v3', 'the model file says so (mistral.tokenizer.version)'));
  expect(detect({flag: undefined, ownKey: undefined})).toEqual(stated('v7', 'the tokenizer file tekken.json says so'));
  expect(detect(without)).toMatchObject({version: 'v11', confidence: 'sure'});
  expect(detect({...without, chatTemplate: undefined})).toEqual({
    form: 'mistral',
    version: 'v13',
    confidence: 'likely',
    reasons: ['it has no chat template', 'models named like "Magistral" use it, and the vocabulary allows it'],
  });
});

test('a statement that the vocabulary contradicts is passed over', () => {
  const tokenizer = wordsOf('spm', CONTROLS['spm-v3'] ?? []);
  expect(detectTemplate({ownKey: 'v13', names: ['Magistral']}, tokenizer).version).toBe('v3');
  expect(detectTemplate({ownKey: 'v99'}, tokenizer).version).toBe('v3');
});

test.each([
  ['v3', 'v3'],
  ['v7m1', 'v7'],
  ['v5', undefined],
  ['toString', undefined],
])('version text %s', (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

const CHATML_TURNS =
  '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n';

test.each([
  [
    `<|im_start|>system\nYou are helpful.<|im_end|>\n${CHATML_TURNS}`,
    'prints "<|im_start|>user" before the text of a user, and "<|im_end|>" behind it',
  ],
  [
    '{% for m in messages %}### Instruction:\n{{ m.content }}\n\n### Response:\n{% endfor %}',
    'prints "### Instruction:" before the text of a user, and "### Response:" behind it',
  ],
  [
    'Below is an instruction that describes a task, and an input.{% for m in messages %} {{ m.content }}{% endfor %}',
    'prints "that describes a task, and an input." before the text of a user, and nothing behind it',
  ],
  [
    '{% for m in messages %}<s>[INST] <<SYS>> {{ m.content }}<|end|> and more{% endfor %}',
    'prints "<<SYS>>" before the text of a user, and "<|end|>" behind it',
  ],
  [
    `{% for m in messages %}${'x'.repeat(50)}{{ m.content }}${'y'.repeat(50)}{% endfor %}`,
    `prints "${'x'.repeat(40)}" before the text of a user, and "${'y'.repeat(40)}" behind it`,
  ],
  [
    '{% for m in messages %}[INST] {{ m.content }} [/INST] think:{% endfor %}',
    'prints "[INST]" before the text of a user, and "[/INST] think:" behind it',
  ],
])('why a template is foreign is told in whole marks and words: %s', (template, why) => {
  const reading = readTemplate(template);
  expect(reading).toMatchObject({form: 'foreign', seen: [expect.stringContaining(`its chat template ${why}`)]});
});
