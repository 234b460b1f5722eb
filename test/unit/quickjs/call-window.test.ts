import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

/** What the host was sent with each call, in order. */
function recorder() {
  const bodies: number[] = [];
  return {
    bodies,
    operations: {
      'probe.take': (_args: unknown, bytes?: Uint8Array) => {
        bodies.push(bytes?.[0] ?? -1);
        return { value: bodies.length };
      },
    },
  };
}

test('inputs cost fuel by their size, and can exhaust it', async () => {
  const inputs = (count: number) => ({
    inputs: Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at])),
  });
  const [few, many] = [await runJs('1', { spec: inputs(10) }), await runJs('1', { spec: inputs(1000) })];
  expect(many.result.fuel).toBeGreaterThan((few.result.fuel ?? 0) + 1_000_000);
  const spent = await runJs('1', { spec: inputs(20_000), limits: { fuel: 1_000_000 } });
  expect(spent.result).toMatchObject({ kind: 'limit', limit: 'fuel' });
});

describe('calls of a guest that does not wait', () => {
  test('sixteen at most are with the host before it takes an answer; the others follow in order', async () => {
    const { operations } = recorder();
    const { value, host } = await runJs(
      `const { existsSync } = await import('node:fs');
      const answers = [];
      for (let i = 0; i < 100; i++) answers.push(sandglass.call('probe.take', { i }));
      existsSync('/look');
      (await Promise.all(answers)).join()`,
      { host: { operations: { ...operations, 'fs.stat': () => ({ value: null }) } } },
    );
    expect(host.calls.findIndex(({ operation }) => operation === 'fs.stat')).toBe(16);
    const order = host.calls.filter(({ operation }) => operation === 'probe.take');
    expect(order.map(({ args }) => args)).toEqual(Array.from({ length: 100 }, (_, i) => ({ i })));
    expect(value).toBe(Array.from({ length: 100 }, (_, i) => i + 1).join());
  });

  test('a call that waits is sent with the bytes it was made with', async () => {
    const { bodies, operations } = recorder();
    await runJs(
      `const body = new Uint8Array(1);
      const answers = [];
      for (let i = 0; i < 40; i++) {
        body[0] = i;
        answers.push(sandglass.call('probe.take', {}, body));
      }
      body[0] = 255;
      await Promise.all(answers)`,
      { host: { operations } },
    );
    expect(bodies).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  test('what waits is in the guest, and counts as its memory', async () => {
    const { bodies, operations } = recorder();
    const { result } = await runJs(
      `const body = new Uint8Array(1024 * 1024);
      for (;;) sandglass.call('probe.take', {}, body)`,
      { host: { operations }, limits: { hostCallBytes: 4 * 1024 * 1024, memoryBytes: 32 * 1024 * 1024 } },
    );
    expect(result).toMatchObject({ growthRefused: true });
    expect(bodies.length).toBeLessThanOrEqual(4);
  });

  test.each(['crypto.subtle.digest("SHA-512", data)', 'crypto.subtle.digest("SHA-1", data)'])(
    '%s without waiting fills the guest, never its host, and burns fuel by size',
    async (digest) => {
      const { result } = await runJs(`const data = new Uint8Array(1024 * 1024); for (;;) ${digest}`, {
        limits: { memoryBytes: 32 * 1024 * 1024 },
      });
      expect(result).toMatchObject({ growthRefused: true });
      const one = await runJs('await crypto.subtle.digest("SHA-512", new Uint8Array(1024 * 1024)); 1');
      const none = await runJs('await crypto.subtle.digest("SHA-512", new Uint8Array(1)); 1');
      expect((one.result.fuel ?? 0) - (none.result.fuel ?? 0)).toBeGreaterThan(4 * 1024 * 1024);
    },
  );
});
