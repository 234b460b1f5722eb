import { createInlinePlatform } from './inline-platform.ts';

/**
 * workerd, and the edge runtimes built on it. No workers, and wasm comes compiled with the deployment. In production its clocks stand still
 * while code runs, so a deadline alone stops no busy guest there: fuel does.
 */
export const workerdPlatform = createInlinePlatform({
  name: 'workerd',
  version: navigator.userAgent,
  compiles: false,
  processors: 1,
});
