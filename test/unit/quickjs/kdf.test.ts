import { describe, expect, test } from 'vitest';
import { deriveKey } from '../../../runtime/engines/quickjs/kdf-primitive.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

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
    expect([more >= work, more < work + 1000]).toEqual([true, true]); // and a digit more of text
  });

  test('what is too much for one go is left to the guest, whose fuel ends it', async () => {
    const charged: number[] = [];
    const asked = (request: object) =>
      deriveKey(JSON.stringify({ password: 1, length: 32, ...request }), Uint8Array.of(1, 2), (bytes) =>
        charged.push(bytes),
      );
    expect(asked({ kind: 'pbkdf2', hash: 'sha256', iterations: 10_000_000 })).toBeUndefined();
    expect(asked({ kind: 'pbkdf2', hash: 'nope', iterations: 1 })).toBeUndefined();
    expect(asked({ kind: 'pbkdf2', hash: 'sha256', iterations: 0.5 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 2 ** 20, r: 8, p: 1 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 1024, r: 8, p: 1024 })).toBeUndefined();
    expect(asked({ kind: 'scrypt', N: 1024, r: 8, p: 1, length: 2 ** 30 })).toBeUndefined();
    expect(charged).toEqual([]);
    const { result } = await runJs(`${NODE} crypto.pbkdf2Sync('pw', 'salt', 10000000, 32, 'sha256')`, {
      limits: { fuel: 20_000_000 },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
  });
});
