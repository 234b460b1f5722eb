import { expect, test } from 'vitest';
import type { FsGrant, Grant, HttpGrant, Limits, RunOptions } from '../../../runtime/index.ts';

test('grants, limits and options are checked when an embedder compiles', () => {
  // Each line must fail to compile: `tsc` reports an unused expectation otherwise.
  const wrong: unknown[] = [
    // @ts-expect-error: misspelt field of a grant
    { htttp: [] } satisfies Grant,
    // @ts-expect-error: a mount is an object
    { fs: ['./data'] } satisfies Grant,
    // @ts-expect-error: unknown access
    { host: '.', access: ['execute'] } satisfies FsGrant,
    // @ts-expect-error: a base is a path
    { origin: 'https://api.example.com', base: true } satisfies HttpGrant,
    // @ts-expect-error: misspelt limit
    { timeout: 5 } satisfies Partial<Limits>,
    // @ts-expect-error: limits are numbers
    { timeoutMs: '5s' } satisfies Partial<Limits>,
    // @ts-expect-error: unknown level
    { language: 'javascript', code: '1', level: 'none' } satisfies RunOptions,
    // @ts-expect-error: unknown option
    { language: 'javascript', code: '1', sandbox: false } satisfies RunOptions,
    // @ts-expect-error: inputs are JSON
    { language: 'javascript', code: '1', inputs: { f: () => 1 } } satisfies RunOptions,
    // @ts-expect-error: args are for invoke
    { module: 'tool.wasm', args: [1] } satisfies RunOptions,
    // @ts-expect-error: a script has no exported function
    { language: 'javascript', code: '1', invoke: 'run' } satisfies RunOptions,
    // @ts-expect-error: a module is in no session by its name
    { module: 'tool.wasm', invoke: 'run', session: 'one' } satisfies RunOptions,
  ];
  expect(wrong).toHaveLength(12);
  const right: RunOptions[] = [
    { module: 'tool.wasm', argv: ['--all'] },
    { module: 'tool.wasm', invoke: 'run', args: [1] },
    { module: 'tool.wasm', invoke: '_start', argv: ['--all'] },
    { session: 'one', code: '1', level: 'standard' },
  ];
  expect(right).toHaveLength(4);
});
