import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createInlineCell } from '../../../runtime/cell/inline.ts';
import type { CellRun } from '../../../runtime/contracts/cell.ts';
import type { GuestHost } from '../../../runtime/contracts/engine.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { turnsDuring } from '../../support/turns-during.ts';

/** The host as a guest in the host's own thread has it. */
async function withHost<T>(sizes: number[], use: (host: GuestHost) => Promise<T>): Promise<T> {
  const cell = createInlineCell({
    monotonic: () => performance.now(),
    now: Date.now,
    cpuMs: () => null,
    openHash: (name) => {
      const hash = createHash(name.replace('-', ''));
      return {
        update: (bytes) => {
          sizes.push(bytes.byteLength);
          hash.update(bytes);
        },
        digest: () => hash.digest(),
      };
    },
  });
  let answer: T | undefined;
  await cell.run({
    engine: {
      name: 'none',
      execute: async (_guest: unknown, _run: unknown, host: GuestHost) => {
        answer = await use(host);
        return { kind: 'value', value: undefined, memoryBytes: 0, fuel: 0, growthRefused: false };
      },
    },
    guest: { modules: {} },
    spec: { limits: mergeLimits([{ timeoutMs: 120_000 }]) },
    gate: {},
    signal: new AbortController().signal,
    onOutput: () => undefined,
    onStart: () => undefined,
  } as unknown as CellRun);
  return answer as T; // it was used
}

test("a digest in the host's own thread takes a megabyte at once, and others have turns between", async () => {
  const sizes: number[] = [];
  const bytes = new Uint8Array(20 * 1024 ** 2).fill(7);
  const { value, turns } = await turnsDuring(() =>
    withHost(sizes, async (host) => host.digest?.('SHA-512', bytes)),
  );
  expect(Buffer.from(value ?? []).toString('hex')).toBe(createHash('sha512').update(bytes).digest('hex'));
  expect(sizes).toEqual(Array(20).fill(1024 ** 2));
  expect(turns).toBeGreaterThan(1);
});
