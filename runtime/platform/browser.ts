import { createInlinePlatform } from './inline-platform.ts';

/**
 * A browser's page or module worker. Best used in a worker: an inline guest occupies its thread until it ends or waits. The page's policy
 * must allow `'wasm-unsafe-eval'`.
 */
export const browserPlatform = createInlinePlatform({
  name: 'browser',
  version: navigator.userAgent,
  compiles: true,
  processors: navigator.hardwareConcurrency,
});
