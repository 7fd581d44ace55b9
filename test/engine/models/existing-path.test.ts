import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {existingPath, pathKind} from '../../../src/engine/models/existing-path.ts';
import {folderWith} from '../../fixtures/folder.ts';

test('a path that is there is found from the folder, then from the home', () => {
  const home = folderWith({'m.gguf': 'x', 'work/a.gguf': 'x'});
  const cwd = join(home, 'work');
  const find = (name: string) => existingPath(name, {cwd, home});
  expect(find('a.gguf')).toBe(join(cwd, 'a.gguf'));
  expect(find('../m.gguf')).toBe(join(home, 'm.gguf'));
  expect(find(join(home, 'm.gguf'))).toBe(join(home, 'm.gguf'));
  expect(find('~/m.gguf')).toBe(join(home, 'm.gguf'));
  expect(find('~')).toBe(home);
  for (const name of ['m.gguf', '~/none.gguf', '~m.gguf', 'a.gguf/below', 'a\0b', 'x'.repeat(300)]) {
    expect(find(name)).toBeUndefined();
  }
  mkdirSync(join(cwd, '~'));
  writeFileSync(join(cwd, '~/m.gguf'), 'x');
  expect(find('~/m.gguf')).toBe(join(cwd, '~/m.gguf'));
});

test('a user without a home folder may name a path', () => {
  const cwd = folderWith({'m.gguf': 'x'});
  const homeless = {
    cwd,
    get home(): string {
      throw new Error('this user has no home folder');
    },
  };
  expect(existingPath('m.gguf', homeless)).toBe(join(cwd, 'm.gguf'));
  expect(existingPath('none.gguf', homeless)).toBeUndefined();
  expect(() => existingPath('~/m.gguf', homeless)).toThrow('no home folder');
});

test('a link that leads nowhere is there, and is neither file nor folder', () => {
  const cwd = folderWith({'m.gguf': 'x', 'sub/m.gguf': 'x'});
  symlinkSync('none', join(cwd, 'gone'));
  symlinkSync('circle', join(cwd, 'circle'));
  symlinkSync('sub', join(cwd, 'link'));
  expect(existingPath('gone', {cwd, home: '/'})).toBe(join(cwd, 'gone'));
  expect(existingPath('circle', {cwd, home: '/'})).toBe(join(cwd, 'circle'));
  const kinds = ['m.gguf', 'sub', 'link', 'gone', 'circle', 'none', '/dev/null'].map((name) =>
    pathKind(existingPath(name, {cwd, home: '/'}) ?? name),
  );
  expect(kinds).toEqual(['file', 'folder', 'folder', undefined, undefined, undefined, undefined]);
});
