import {defineConfig} from 'vitest/config';

// What the project does not hold itself: MISTRAL_TOKENIZERS names a folder with Mistral's own vocabularies,
// MISTRAL_COMMON_PYTHON a Python that has a release of mistral-common. With neither all run, and say what is missing.
const {MISTRAL_TOKENIZERS: vocabularies, MISTRAL_COMMON_PYTHON: python} = process.env;
const isAny = vocabularies || !python;

// The settings of whoever runs the tests are not tested.
process.env.MISTRAL_NO_CONFIG = '1';

export default defineConfig({
  test: {
    name: 'reference',
    include: ['test/reference/*.reference.ts'],
    exclude: isAny ? [] : ['test/reference/tokenizers.reference.ts'],
    testTimeout: 60_000,
  },
});
