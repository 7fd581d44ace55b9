import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {planVocabulary} from '../../../src/engine/convert/convert-weights.ts';
import {loadHfTokenizer} from '../../../src/engine/convert/hf-tokenizer.ts';
import {openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {loadTokenizer} from '../../../src/engine/template/load-tokenizer.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {hfFolder} from '../../fixtures/tiny-families.ts';
import {json} from '../../fixtures/tiny-folder.ts';
import {tokenizerJson} from '../../fixtures/tokenizer-json.ts';

/** A folder of Hugging Face's format whose only tokenizer is tokenizer.json. */
function onlyJson(): string {
  const {'tokenizer.model': _, ...rest} = hfFolder();
  const {vocabulary} = openSourceFolder(folderWith(hfFolder()));
  const config = json({chat_template: "{% for m in messages %}{{ '<|im_start|>' + m.content }}{% endfor %}"});
  return folderWith({...rest, 'tokenizer.json': json(tokenizerJson(vocabulary)), 'tokenizer_config.json': config});
}

test('tokenizer.json is read as the file its folder becomes, without the weights', () => {
  const folder = onlyJson();
  const converted = join(folder, 'vocabulary.gguf');
  writeFileSync(converted, planVocabulary(openSourceFolder(folder)).layout.header);
  writeFileSync(join(folder, 'model-00001-of-00002.safetensors'), '');
  const read = loadHfTokenizer(folder);
  const text = 'The cat sat on the mat. Zürich \u263a';
  expect(read.tokenizer.encode(text)).toEqual(loadTokenizer(converted).tokenizer.encode(text));
  expect(read.tokenizer.vocabSize).toBe(320);
  expect(read).toMatchObject({
    version: undefined,
    template: {form: 'foreign', confidence: 'sure'},
    versionReason: 'its chat template prints "<|im_start|>" before the text of a user, and nothing behind it',
    path: join(folder, 'tokenizer.json'),
  });
  expect(loadHfTokenizer(folder, 'v7')).toMatchObject({version: 'v7', versionReason: 'as asked for'});
});

test('a damaged one is refused with its path', () => {
  const folder = folderWith({'tokenizer.json': '{'});
  expect(() => loadHfTokenizer(folder)).toThrow(expect.objectContaining({code: 'model_invalid'}));
});
