import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {fingerprint} from '../../../../src/engine/convert/source/fingerprint.ts';
import {folderWith} from '../../../fixtures/folder.ts';

const files = {'params.json': '{}', 'consolidated.safetensors': Buffer.alloc(3 << 20, 1), 'tokenizer.model.v3': 'x'};

test('equal folders have equal keys, whatever else lies in them', () => {
  const key = fingerprint(folderWith(files));
  expect(key).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint(folderWith({...files, 'README.md': 'x', 'model.gguf': 'y'}))).toBe(key);
});

test('a changed weight, size, name or tokenizer changes the key', () => {
  const folder = folderWith(files);
  const key = fingerprint(folder);
  const retrained = Buffer.alloc(3 << 20, 2);
  expect(fingerprint(folderWith({...files, 'consolidated.safetensors': retrained}))).not.toBe(key);
  expect(fingerprint(folderWith({...files, 'consolidated.safetensors': retrained.subarray(1)}))).not.toBe(key);
  expect(fingerprint(folderWith({...files, 'tokenizer.model.v3': 'y'}))).not.toBe(key);
  expect(fingerprint(folderWith({...files, 'generation_config.json': '{}'}))).not.toBe(key);
  writeFileSync(join(folder, 'tekken.json'), '{}');
  expect(fingerprint(folder)).not.toBe(key);
});
