import {expect, test} from 'vitest';
import {makeMutants, mutated} from '../../bench/make-mutants.ts';

/** Kind, whether it is a guard's, and the source with the fault in it. */
const faultsOf = (source: string, file = 'a.ts') =>
  makeMutants(file, source).map((mutant) => [mutant.kind, mutant.isGuard, mutated(source, mutant)]);

test('an early exit is negated, and dropped', () => {
  expect(faultsOf('function f(a) { if (a) return 1; return 2; }')).toEqual([
    ['dropped guard', true, 'function f(a) { ; return 2; }'],
    ['negated condition', true, 'function f(a) { if (!(a)) return 1; return 2; }'],
  ]);
});

test('what is compared inside the condition of an early exit is a guard, what is in its block is none', () => {
  expect(faultsOf('if (a > b) { c(d < e); throw f; }').map(([kind, isGuard]) => [kind, isGuard])).toEqual([
    ['dropped guard', true],
    ['negated condition', true],
    ['changed comparison', true],
    ['changed comparison', false],
    ['dropped throw', true],
  ]);
});

test.each([
  ['x = a >= b;', 'x = a > b;'],
  ['x = a !== b;', 'x = a === b;'],
  ['x = a && b;', 'x = (a || b);'],
  ['x = (a ?? b) || c;', 'x = ((a ?? b) && c);'],
  ['x = a ? b : c;', 'x = !(a) ? b : c;'],
  ['x = a.length - 1;', 'x = (a.length);'],
  ['x = (a ?? b) - 1;', 'x = ((a ?? b));'],
  ['x = (a + b) > (c);', 'x = (a + b) >= (c);'],
  ['x = ms / 1000;', 'x = (ms);'],
  ['x = Math.min(a, b);', 'x = Math.max(a, b);'],
  ['x = a.some(f);', 'x = a.every(f);'],
  ['checkLength(a);', ';'],
  ['await this.#validate(a);', ';'],
  ['try { a(); } finally { b(); }', 'try { a(); } finally { ; }'],
  ['test(/^a/);', 'test(/a/);'],
  ['test(/a$/i);', 'test(/a/i);'],
])('%s becomes %s', (source, fault) => {
  expect(faultsOf(source).map(([, , text]) => text)).toEqual([fault]);
});

test('a limit gets another unit, a list loses each of its elements', () => {
  expect(faultsOf('const WAIT_MS = 5_000;').map(([, , text]) => text)).toEqual([
    'const WAIT_MS = (5_000) * 1000;',
    'const WAIT_MS = (5_000) * 0.001;',
  ]);
  expect(faultsOf('x = [a, b, c];').map(([, , text]) => text)).toEqual(['x = [b, c];', 'x = [a, c];', 'x = [a, b];']);
});

test('texts for people, types and counting loops are left as they are', () => {
  expect(faultsOf(`const t: A extends B ? 1 : 2 = \`\${a > 1 ? 's' : ''}\`;`)).toEqual([]);
  expect(faultsOf('x = new EngineError("a", b ? c : d);')).toEqual([]);
  expect(faultsOf('for (let at = 0; at < n; at++) f(at);')).toEqual([]);
  expect(faultsOf('const C = <p>{a && <b/>}</p>;', 'a.tsx')).toHaveLength(1);
});

test('the line is the one the fault is in', () => {
  expect(makeMutants('a.ts', 'a();\n\nif (b) throw c;\n')[0]).toMatchObject({file: 'a.ts', line: 3});
});
