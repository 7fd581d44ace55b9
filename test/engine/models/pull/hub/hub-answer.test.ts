// Whatever a hub says of a repository: what is not a file with a safe name is none, and nothing throws.
import {expect, test} from 'vitest';
import {repositoryIn} from '../../../../../src/engine/models/pull/hub/hub-answer.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const SUM = 'a'.repeat(64);

test('a list of files, with what git and LFS name their contents', () => {
  const siblings = [
    {rfilename: 'a/b.gguf', size: 5, lfs: {sha256: SUM, size: 9}},
    {rfilename: 'c.json', size: 3, blobId: SHA},
  ];
  expect(repositoryIn({sha: SHA, siblings})).toEqual({
    commit: SHA,
    files: [
      {name: 'a/b.gguf', bytes: 9, sha256: SUM, gitBlob: undefined},
      {name: 'c.json', bytes: 3, sha256: undefined, gitBlob: SHA},
    ],
  });
});

test.each<[unknown]>([
  [null],
  [undefined],
  [5],
  [[]],
  ['x'],
  [{}],
  [{sha: null}],
  [{sha: 5}],
  [{sha: '../../x'}],
  [{sha: SHA, siblings: {}}],
])('%j is no list', (json) => {
  expect(repositoryIn(json)).toEqual({commit: undefined, files: []});
});

test.each<[unknown]>([
  [null],
  [5],
  [{}],
  [{rfilename: 5}],
  [{rfilename: ''}],
  [{rfilename: '/etc/passwd'}],
  [{rfilename: 'a/../b'}],
  [{rfilename: 'a//b'}],
  [{rfilename: './a'}],
  [{rfilename: 'a\\b'}],
  [{rfilename: 'a\0b'}],
])('%j is no file, and hides no other', (odd) => {
  expect(repositoryIn({sha: SHA, siblings: [odd, {rfilename: 'good'}]}).files.map(({name}) => name)).toEqual(['good']);
});

test('sizes and sums of wrong types are absent', () => {
  const odd = {rfilename: 'a', size: '5', blobId: 7, lfs: {sha256: 'zz', size: -1}};
  expect(repositoryIn({sha: SHA, siblings: [odd, {rfilename: 'b', size: -1, lfs: 5}]}).files).toEqual([
    {name: 'a', bytes: 0, sha256: undefined, gitBlob: undefined},
    {name: 'b', bytes: 0, sha256: undefined, gitBlob: undefined},
  ]);
});
