import {defineConfig} from 'vitest/config';

// Goldens on Mistral's own vocabularies, which are not part of this project: MISTRAL_TOKENIZERS names their folder.
export default defineConfig({
  test: {name: 'reference', include: ['test/reference/*.reference.ts'], testTimeout: 60_000},
});
