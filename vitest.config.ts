import {defineConfig} from 'vitest/config';
import {workerThreads} from './test/fixtures/worker-threads.ts';

// fast: pure modules and in-process servers. e2e: the built program in pipes and ptys, and the native engine.

/** These change a table of the program, which files that share its modules would see. */
const ALONE = ['test/engine/template/new-version.test.ts'];

// The settings of whoever runs the tests are not tested.
process.env.MISTRAL_NO_CONFIG = '1';

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [workerThreads()],
        test: {
          name: 'fast',
          sequence: {groupOrder: 0},
          // Vitest leaves one core free, which would be half of a small machine, and some tests wait; threads start sooner
          // than processes.
          maxWorkers: 3,
          pool: 'threads',
          // Modules are loaded once a worker, not once a file: a third of the time went into that.
          isolate: false,
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**', ...ALONE],
          // A limit against hanging, not against a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [workerThreads()],
        test: {
          name: 'alone',
          sequence: {groupOrder: 0},
          maxWorkers: 3,
          pool: 'threads',
          testTimeout: 30_000,
          include: ALONE,
        },
      },
      {
        plugins: [workerThreads()],
        test: {
          name: 'e2e',
          sequence: {groupOrder: 1},
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/e2e/build.ts',
          pool: 'forks',
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
