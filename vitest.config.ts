import { defineConfig } from 'vitest/config';
import type { TEST_FLOORS } from './scripts/house.ts';

/**
 * One project a floor, each with its own time limits, ms. They are for tests that hang: a machine that is busy with sixteen other things still
 * stays under them, and no test asserts how long something took.
 */
const FLOORS = {
  unit: { include: ['test/unit/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 180_000 },
  contract: { include: ['test/contract/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 180_000 },
  security: { include: ['test/security/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 240_000 },
  e2e: {
    include: ['test/e2e/**/*.test.ts', 'guest-tools/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 300_000,
  },
  docs: { include: ['test/docs/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 240_000 },
} satisfies Record<(typeof TEST_FLOORS)[number], object>;

export default defineConfig({
  test: {
    globalSetup: './test/support/before-all.ts',
    pool: 'forks',
    maxWorkers: 2,
    expect: { poll: { timeout: 120_000 } },
    projects: Object.entries(FLOORS).map(([name, limits]) => ({ extends: true, test: { name, ...limits } })),
  },
});
