import {expect, test} from 'vitest';
import {docsPage} from '../../src/serve/docs-page.ts';

const page = (properties: object, rest: object = {}) =>
  docsPage({
    info: {title: 'T & <b>', description: 'D'},
    paths: {
      '/a': {
        post: {
          tags: ['One'],
          summary: 'Does "a"',
          requestBody: {content: {'application/json': {schema: {properties, ...rest} as object}}},
          responses: {200: {}, 400: {}},
        },
        get: {tags: ['Two'], summary: 'Shows a', responses: {200: {}}},
      },
    },
  });

test('names of groups, routes and their answers, with what HTML would take for its own escaped', () => {
  const html = page({});
  expect(html).toContain('<title>T &amp; &lt;b&gt;</title>');
  expect(html).toContain('<h2>One</h2>\n<section><h3><code>POST /a</code></h3>\n<p>Does &quot;a&quot;</p>');
  expect(html).toContain('<p>Answers: 200, 400</p>');
  expect(html).toContain('<h2>Two</h2>\n<section><h3><code>GET /a</code></h3>\n<p>Shows a</p>');
  expect(html).not.toContain('<table>');
});

test('fields that must be given are marked', () => {
  const html = page({a: {type: 'string', description: 'x < y'}, b: {type: 'integer'}}, {required: ['a']});
  expect(html).toContain('<tr><td><code>a</code> *</td><td>string</td><td>x &lt; y</td></tr>');
  expect(html).toContain('<tr><td><code>b</code></td><td>integer</td><td></td></tr>');
});

test.each([
  [{const: 1}, '1'],
  [{enum: ['a', 2], type: 'string'}, '&quot;a&quot; | 2'],
  [{anyOf: [{type: 'string'}, {type: 'null'}, {type: 'string'}]}, 'string | null'],
  [{type: 'array', items: {type: 'integer'}}, 'list of integer'],
  [{type: 'array'}, 'list of anything'],
  [{type: ['string', 'null']}, 'string | null'],
  [{}, 'anything'],
])('the type of %j is told as %s', (schema, told) => {
  expect(page({field: schema})).toContain(`<td>${told}</td>`);
});
