import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deriveKey } from '../../../runtime/engines/quickjs/kdf-primitive.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';
import { verifies } from '../../support/verifies.ts';

const NODE = `const crypto = require('crypto');`;

describe('keys from passwords', () => {
  test('are derived by the host, and paid for by their work', async () => {
    const fuelOf = async (iterations: number) => {
      const { result, value } = await runJs(
        `${NODE} crypto.pbkdf2Sync('pw', 'salt', ${iterations}, 32, 'sha256').toString('hex')`,
      );
      expect(value).toMatch(/^[0-9a-f]{64}$/);
      return result.fuel ?? 0;
    };
    // Two blocks of 64 bytes a round, 16 times as slow as a digest of the platform's, 4 units a byte.
    const work = 10_000 * 2 * 64 * 16 * 4;
    const more = (await fuelOf(11_000)) - (await fuelOf(1000));
    expect([more >= work, more < work + 40_000]).toEqual([true, true]); // a digit more of text, and what asks for each step
  });

  test('come out as those of Node', () => {
    const bytes = Uint8Array.from({ length: 220 }, (_, index) => index);
    const asked = (request: object): Buffer => {
      const steps = deriveKey(JSON.stringify({ password: 150, ...request }), bytes)?.steps;
      for (;;) {
        const step = steps?.next();
        if (step === undefined || step.done === true) return Buffer.from(step?.value ?? []);
      }
    };
    const [password, salt] = [bytes.subarray(0, 150), bytes.subarray(150)];
    for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'])
      for (const [iterations, length] of [
        [1, 1],
        [3, 64],
        [1000, 129],
      ] as const)
        expect(asked({ kind: 'pbkdf2', hash, iterations, length })).toEqual(
          pbkdf2Sync(password, salt, iterations, length, hash),
        );
    for (const [N, r, p] of [
      [2, 1, 1],
      [16, 8, 2],
      [512, 3, 5],
    ] as const)
      expect(asked({ kind: 'scrypt', N, r, p, length: 65 })).toEqual(
        scryptSync(password, salt, 65, { N, r, p }),
      );
  });

  test('long passwords and salts are paid for, and what scrypt holds is held against the guest', async () => {
    const long = 'x'.repeat(200_000);
    const total = (password: string): number => {
      const given = new TextEncoder().encode(`${password}salt`);
      const asked = { kind: 'pbkdf2', hash: 'sha512', iterations: 1, length: 1, password: password.length };
      const steps = deriveKey(JSON.stringify(asked), given)?.steps;
      let sum = 0;
      for (let step = steps?.next(); step?.done === false; step = steps?.next()) sum += step.value;
      return sum;
    };
    expect(total(long)).toBeGreaterThanOrEqual(total('x') + 200_000 * 16);
    expect(
      deriveKey(
        JSON.stringify({ kind: 'scrypt', password: 1, length: 32, N: 4096, r: 8, p: 2 }),
        Uint8Array.of(1, 2),
      )?.heldBytes,
    ).toBe(128 * 8 * (4096 + 2));
    const code = `try { require('crypto').scryptSync('a', 'b', 32).length } catch { 'refused' }`;
    expect((await runJs(code)).value).toBe(32);
    expect((await runJs(code, { limits: { memoryBytes: 20 * 1024 * 1024 } })).value).toBe('refused');
  });

  test('are made in steps, each of which is billed before it is done', verifies('XT-13'), () => {
    const costs = (request: object, bytes = Uint8Array.of(1, 2)): number[] => {
      const told: number[] = [];
      const steps = deriveKey(JSON.stringify({ password: 1, length: 32, ...request }), bytes)?.steps;
      for (let step = steps?.next(); step?.done === false; step = steps?.next()) told.push(step.value);
      return told;
    };
    const most = 262_144 * 16;
    const rounds = costs({ kind: 'pbkdf2', hash: 'sha256', iterations: 20_000 });
    expect(rounds.reduce((sum, cost) => sum + cost, 0)).toBe(20_000 * 2 * 64 * 16);
    expect(Math.max(...rounds)).toBeLessThanOrEqual(most);
    const salted = costs({ kind: 'pbkdf2', hash: 'sha256', iterations: 1 }, new Uint8Array(1_000_000));
    expect(salted.length).toBeGreaterThan(3);
    expect(Math.max(...salted)).toBeLessThanOrEqual(most);
    const mixes = costs({ kind: 'scrypt', N: 4096, r: 8, p: 2 });
    expect(mixes.reduce((sum, cost) => sum + cost, 0)).toBeGreaterThanOrEqual(2 * 4096 * 1024 * 2);
    expect(Math.max(...mixes)).toBeLessThanOrEqual(most);
  });

  test('what takes too much memory, or is asked wrongly, is left to the guest', () => {
    const asked = (request: object) =>
      deriveKey(JSON.stringify({ password: 1, length: 32, ...request }), Uint8Array.of(1, 2));
    expect(asked({ kind: 'pbkdf2', hash: 'nope', iterations: 1 })).toBeUndefined();
    expect(asked({ kind: 'pbkdf2', hash: 'sha256', iterations: 0.5 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 2 ** 20, r: 8, p: 1 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 1000, r: 8, p: 1 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 2, r: 1024, p: 1024 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 1024, r: 8, p: 1, length: 2 ** 30 })).toBeUndefined();
  });

  test('end with their guest: its fuel, or its deadline, ends one that would take for ever', async () => {
    const endless = `${NODE} crypto.pbkdf2Sync('pw', 'salt', 2_000_000_000, 32, 'sha256')`;
    const { result } = await runJs(endless, { limits: { fuel: 20_000_000 } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
    const shared = `const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
const derive = (iterations, bits) => crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(8), iterations }, key, bits).then(() => 'derived', ({ name }) => name);
[await derive(2_000, 512), await derive(3_000_000, 256), await derive(2_000, 32_000_000)];`;
    const { value } = await runJs(shared);
    expect(value).toEqual(['derived', 'NotSupportedError', 'NotSupportedError']);
  });
});
