// Templates come out of downloaded files: what they do in their thread is bounded, and told in words.
import {expect, test} from 'vitest';
import {fromPlain, type JsonObject, parseJson} from '../../../../src/base/json.ts';
import {renderEach} from '../../../../src/engine/template/jinja/template-renderer.ts';

const variables = (plain: unknown = {}) => fromPlain(plain) as JsonObject;
const render = (template: string, plain?: unknown, limitMs?: number) =>
  renderEach(template, [variables(plain)], limitMs)[0];

test('a template is rendered for each input, in order', () => {
  expect(renderEach('{{ name }}!', [variables({name: 'a'}), variables({name: 'b'})])).toEqual([
    {text: 'a!'},
    {text: 'b!'},
  ]);
});

test.each([
  [
    '{{ x | tojson }}',
    '{"x": {"2": 1, "1": [1.0, 1e5, -0.0, 123456789012345678901234567890]}}',
    '{"2": 1, "1": [1.0, 100000.0, -0.0, 123456789012345678901234567890]}',
  ],
  ['{{ x.a }} {{ x.b }}', '{"x": {"a": 1e16, "b": 7}}', '1e+16 7'],
  ['a\r\n{% if true %}\r\nb{% endif %}', '{}', 'a\nb'],
  ['{{ none }}{{ missing }}', '{}', 'None'],
  ['{{ 1.5 }} {{ 2 }}', '{}', '1.5 2'],
  ['{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 1, -2) %}{{ i }}{% endfor %}', '{}', '01253'],
  ['{{ strftime_now("%d %%") | length }}', '{}', '4'],
])('as Python prints it: %s', (template, json, text) => {
  expect(renderEach(template, [parseJson(json) as JsonObject])).toEqual([{text}]);
});

test('a variable may be called like a built-in', () => {
  expect(render('{{ range }}', {range: 'mine'})).toEqual({text: 'mine'});
});

test.each([
  [
    '{% for i in range(10) %}a{% continue %}{% endfor %}',
    'its loop prints something before "continue", which would be lost',
  ],
  [
    '{% for i in [1] %}{% if i %}{{ i }}{% endif %}{% if i %}{% break %}{% endif %}{% endfor %}',
    'its loop prints something before "break", which would be lost',
  ],
  [
    '{% for i in [1] %}{% for j in [1] %}x{% endfor %}{% continue %}{% endfor %}',
    'its loop prints something before "continue", which would be lost',
  ],
  [
    '{% for i in [1] %}{% continue %}{% else %}none{% endfor %}',
    'it has a loop with "else" that is left by "continue"',
  ],
  ['{{ true }}', 'it prints true or false, which Python spells in its own way'],
  ['{{ "a" ~ (1 == 2) }}', 'it prints true or false, which Python spells in its own way'],
  ['{{ (1 == 1) | string }}', 'it prints true or false, which Python spells in its own way'],
  ['{{ [1] }}', 'it prints a list, which Python spells in its own way'],
  ['{{ {"a": 1} }}', 'it prints an object, which Python spells in its own way'],
])('what would be printed otherwise than by Python is refused: %s', (template, message) => {
  expect(render(template)).toEqual({fault: 'unfaithful', message});
});

test.each([
  ['{% for i in [1, 2] %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}', '2'],
  ['{% for i in [1, 2] %}{% set x = "a" %}{% if i == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}', 'a'],
  ['{{ "yes" if true else "no" }}', 'yes'],
  ['{{ [1, 2] | length }}', '2'],
])('what only looks like it is printed: %s', (template, text) => {
  expect(render(template)).toEqual({text});
});

test.each([
  ['{{ raise_exception("only two roles") }}', 'raised', 'only two roles'],
  ['{% if %}', 'syntax', expect.any(String)],
  ['{{ "a" | nothing }}', 'failed', expect.stringContaining('nothing')],
  ['{{ missing.of.nothing }}', 'failed', 'it looks into missing, which is not there'],
  ['{% for i in range(100001) %}{% endfor %}', 'failed', 'it counts to more than 100000'],
  ['{{ range(1, 2, 0) }}', 'failed', 'it counts to more than 100000'],
  ['{{ strftime_now("%Q") }}', 'failed', 'a date in the form %Q is not known here'],
])('a template that cannot be rendered says why: %s', (template, fault, message) => {
  expect(render(template)).toEqual({fault, message});
});

test('parentheses without end nest too deeply', () => {
  const template = `{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`;
  expect(render(template, {}, 20_000)).toEqual({fault: 'syntax', message: 'it nests too deeply'});
});

const LOOP = '{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}';

test('one that does not end is ended, and the next inputs are not tried', () => {
  const started = performance.now();
  const results = renderEach(LOOP, Array(5).fill(variables()), 200);
  expect(results).toEqual(Array(5).fill({fault: 'late', message: 'it did not end within 0.2 s'}));
  expect(performance.now() - started).toBeLessThan(5000);
});

test('all that is waited for shares one limit: many slow renderings hold this thread no longer than one', () => {
  const slow = '{% for i in range(30000) %}{% endfor %}';
  const results = renderEach(slow, Array(2000).fill(variables()), 300);
  expect(results).toHaveLength(2000);
  expect(results.at(-1)).toEqual({fault: 'late', message: 'it did not end within 0.3 s'});
});

test('one that makes ever longer texts is ended by their length', () => {
  const doubling =
    '{% set ns = namespace(t="aaaaaaaa") %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}';
  expect(render(doubling)).toEqual({fault: 'failed', message: 'it makes a text of more than 8388608 characters'});
  const printing = `{% set t = "${'a'.repeat(100_000)}" %}{% for i in range(1000) %}{{ t }}{% endfor %}`;
  expect(render(printing)).toMatchObject({fault: 'failed'});
});

test('one that fills the memory is ended, and this thread goes on', () => {
  const filling =
    '{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = ns.l + range(90000) %}{% endfor %}';
  expect(render(filling, {}, 3000)).toMatchObject({fault: 'late'});
});

test('a template of more than a million characters is not looked at', () => {
  expect(render(`${' '.repeat(1 << 20)}x`)).toEqual({fault: 'syntax', message: 'it has more than 1048576 characters'});
});

test.each([
  '{{ x.constructor }}',
  '{{ x.__proto__ }}',
  '{{ x["constructor"]["constructor"]("return process")() }}',
  '{{ namespace.constructor }}',
])('nothing of the machine is in reach: %s', (template) => {
  const rendered = render(template, {x: {a: 1}});
  expect('text' in (rendered ?? {}) ? rendered : {text: ''}).toEqual({text: ''});
});
