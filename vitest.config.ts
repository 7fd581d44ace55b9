import {defineConfig} from 'vitest/config';

// fast: pure modules and in-process servers. e2e: the built program in pipes and ptys, and the native engine.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          sequence: {groupOrder: 0},
          // Vitest leaves one core free, which would be half of a small machine; threads start sooner than processes.
          maxWorkers: 2,
          pool: 'threads',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**'],
          // A limit against hanging, not against a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: {groupOrder: 1},
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/e2e/build.ts',
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
