// The library that comes with the engine, and files that are none.
import {execFileSync, spawnSync} from 'node:child_process';
import {copyFileSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {loadCLibrary} from '../../../../src/engine/llama/c-api/c-library.ts';
import {libraryAt, shippedLibrary} from '../../../../src/engine/llama/c-api/library-files.ts';
import {folderWith} from '../../../fixtures/folder.ts';

/** A platform that the engine has a library of 64 bits for. */
const isShipped = ['linux-x64', 'linux-arm64'].includes(`${process.platform}-${process.arch}`);
const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0;

describe.runIf(isShipped)('the library of the engine', () => {
  test('is known, told by its release, and has a flag that stops a step', () => {
    const library = loadCLibrary(shippedLibrary());
    expect(library.layout.name).toBe('llama.cpp v0.5.0');
    expect(library.release).toBe('v0.5.0');
    expect(library.stopFlag).toMatchObject({offset: 17});
  });

  test('is found by its folder and by its file, with the parts that go before it', () => {
    const {folder, files} = shippedLibrary();
    expect(files.map((file) => basename(file))).toEqual(['libggml-base.so', 'libggml.v0.5.0.so', 'libllama.v0.5.0.so']);
    expect(libraryAt(folder).files).toEqual(files);
    expect(libraryAt(files[2] as string)).toEqual({folder, files, release: 'v0.5.0'});
  });

  test('of its parts, those that are not llama itself are refused', () => {
    const [base = ''] = shippedLibrary().files;
    expect(() => loadCLibrary(libraryAt(base))).toThrow(
      /libggml-base\.so cannot be used: it is not llama\.cpp's: .*llama_model_default_params/,
    );
  });
});

describe('what is no library is refused with the reason', () => {
  test.each([
    ['a text', (file: string) => writeFileSync(file, 'not a library')],
    ['an empty file', (file: string) => writeFileSync(file, '')],
    ['a library that was cut', (file: string) => writeFileSync(file, Buffer.from('7f454c460201010000000000', 'hex'))],
  ])('%s', (_, write) => {
    const file = join(folderWith(), 'libllama.so');
    write(file);
    expect(() => loadCLibrary(libraryAt(file))).toThrow(/libllama\.so cannot be used: /);
  });

  test('a path where nothing is', () => {
    expect(() => libraryAt('/no/such/libllama.so')).toThrow(
      'the library /no/such/libllama.so cannot be read: there is no such file',
    );
  });

  test('a folder without one', () => {
    const folder = folderWith();
    writeFileSync(join(folder, 'libggml.so'), '');
    expect(() => libraryAt(folder)).toThrow(`there is no llama.cpp library in ${folder}`);
  });

  test('one that vanishes between being found and being loaded', () => {
    const folder = folderWith();
    writeFileSync(join(folder, 'libllama.so'), '');
    const files = libraryAt(folder);
    rmSync(join(folder, 'libllama.so'));
    expect(() => loadCLibrary(files)).toThrow(/libllama\.so cannot be used: .*[Nn]o such file/);
  });
});

describe.runIf(hasCompiler)('a library with structs of another release', () => {
  /** Its own functions answer structs with a field more in front; it would end the process if anything else were called. */
  function otherLibrary(version: string | undefined): string {
    const folder = folderWith();
    const source = `
      #include <stdlib.h>
      struct params { int added; int n_gpu_layers; char rest[200]; };
      struct params llama_model_default_params(void) { struct params p = {7, -1, {0}}; return p; }
      struct params llama_context_default_params(void) { struct params p = {7, 512, {0}}; return p; }
      void llama_backend_init(void) { abort(); }
      ${version === undefined ? '' : `const char * llama_version(void) { return "${version}"; }`}
    `;
    writeFileSync(join(folder, 'a.c'), source);
    execFileSync('cc', ['-shared', '-fPIC', '-o', join(folder, 'libllama.so'), join(folder, 'a.c')]);
    return folder;
  }

  test.each([
    ['9.9.9-dev', 'it is llama.cpp 9.9.9-dev, whose structs are not known here (known: llama.cpp v0.5.0'],
    [undefined, 'it is llama.cpp of a release that it does not tell, whose structs are not known here'],
  ])('is refused before anything is called: version %s', (version, message) => {
    expect(() => loadCLibrary(libraryAt(otherLibrary(version)))).toThrow(message);
  });
});

test.runIf(hasCompiler)('a library with known structs that lacks a function is refused by its name', () => {
  const folder = folderWith();
  const digits = (hex: string) => (hex.match(/../g) ?? []).map((byte) => `0x${byte}`).join(',');
  const model = `${'00'.repeat(16)}ffffffff01000000ffffffff01000000${'00'.repeat(42)}010000000000`;
  const context = [
    '00020000000800000002000001000000000000000000000001000000040000000400000000000000ffffffffffffffffffffffffffffffff',
    '0000000000000000000080bf000080bf000080bf000080bf00000000000080bf0000000000000000000000000000000001000000',
    `01000000${'00'.repeat(16)}000101010100${'00'.repeat(26)}`,
  ].join('');
  const source = `
    struct model { unsigned char bytes[80]; };
    struct context { unsigned char bytes[160]; };
    struct model llama_model_default_params(void) { struct model p = {{${digits(model)}}}; return p; }
    struct context llama_context_default_params(void) { struct context p = {{${digits(context)}}}; return p; }
  `;
  writeFileSync(join(folder, 'a.c'), source);
  execFileSync('cc', ['-shared', '-fPIC', '-o', join(folder, 'libllama.so'), join(folder, 'a.c')]);
  expect(() => loadCLibrary(libraryAt(folder))).toThrow(
    /libllama\.so cannot be used: it lacks the function ggml_backend_\w+$/,
  );
});

test('of several files of one part the shortest name is taken, and files of other parts are none', () => {
  const folder = folderWith();
  for (const name of ['libllama.so.0.0.1', 'libllama.so', 'libllama-common.so', 'libggml-cpu-zen4.so', 'libggml.so'])
    writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'sub'));
  expect(libraryAt(folder).files.map((file) => basename(file))).toEqual(['libggml.so', 'libllama.so']);
  copyFileSync(join(folder, 'libllama.so'), join(folder, 'index.node'));
  expect(libraryAt(join(folder, 'index.node')).files.map((file) => basename(file))).toEqual(['index.node']);
});
