import type { Setup } from './host.ts';

/** The run's parameters; the host fills them in before any guest code. */
export const setup: { -readonly [K in keyof Setup]: Setup[K] } = {
  args: [],
  env: {},
  cwd: '/',
  program: '',
  base: undefined,
  inputs: {},
  block: [],
  outputBytes: 0,
  hostCallBytes: 0,
};
