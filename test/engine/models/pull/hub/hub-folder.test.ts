// Which files of a repository make a model's folder: the weights of one format, and all small files that conversion reads.
import {expect, test} from 'vitest';
import {chooseFolder} from '../../../../../src/engine/models/pull/hub/hub-folder.ts';

function chosen(...names: readonly string[]): readonly string[] {
  const files = names.map((name) => ({name, bytes: 100, sha256: undefined, gitBlob: undefined}));
  return chooseFolder({repo: 'a/b', revision: 'main', commit: 'c', files}).files.map(({name}) => name);
}

const SMALL = [
  'config.json',
  'generation_config.json',
  'SYSTEM_PROMPT.txt',
  'chat_template.jinja',
  'tokenizer_config.json',
];

test("of a repository in both formats Mistral's weights come, with what conversion reads of the other", () => {
  const own = ['params.json', 'tekken.json', 'consolidated.safetensors'];
  const others = ['model-00001-of-00002.safetensors', 'model.safetensors.index.json', 'tokenizer.json'];
  expect(chosen(...own, ...SMALL, ...others, 'README.md', 'sub/config.json')).toEqual([...own, ...SMALL]);
});

test("Hugging Face's format comes with the same small files", () => {
  const own = ['model.safetensors', 'tokenizer.json'];
  expect(chosen(...own, ...SMALL, 'README.md', 'onnx.json')).toEqual([...own, ...SMALL]);
});

test('an adapter comes alone', () => {
  expect(chosen('adapter_config.json', 'adapter_model.safetensors', ...SMALL)).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
  ]);
});
