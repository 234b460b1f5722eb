import { describe, expect, test } from 'vitest';
import { createSealer } from '../../../runtime/auth/sealer.ts';
import { verifies } from '../../support/verifies.ts';

const FIRST = 'a'.repeat(32);
const SECOND = 'b'.repeat(32);

describe('createSealer()', verifies('AU-09'), () => {
  test('opens what it sealed, for what it belongs to alone, and never the same twice', async () => {
    const sealer = await createSealer([FIRST], 'tokens');
    const sealed = await sealer.seal('a secret text', 'ana');
    expect(sealed).not.toContain('secret');
    expect(await sealer.open(sealed, 'ana')).toBe('a secret text');
    expect(await sealer.open(sealed, 'bob')).toBeUndefined();
    expect(await sealer.seal('a secret text', 'ana')).not.toBe(sealed);
  });

  test('opens nothing that was changed, at any place', async () => {
    const sealer = await createSealer([FIRST], 'tokens');
    const sealed = await sealer.seal('text', 'ana');
    for (let at = 0; at < sealed.length - 1; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      expect(await sealer.open(changed, 'ana'), String(at)).toBeUndefined();
    }
    for (const text of ['', 'v1', 'v1...', `${sealed}.x`, 'x'.repeat(70_000), sealed.slice(0, -3)])
      expect(await sealer.open(text, 'ana')).toBeUndefined();
  });

  test('opens nothing of another secret or another use; a replaced secret still opens, and says that it is old', async () => {
    const first = await createSealer([FIRST], 'tokens');
    const sealed = await first.seal('text', 'ana');
    const second = await createSealer([SECOND], 'tokens');
    expect(await second.open(sealed, 'ana')).toBeUndefined();
    expect(await (await createSealer([FIRST], 'other')).open(sealed, 'ana')).toBeUndefined();
    const both = await createSealer([SECOND, FIRST], 'tokens');
    expect([await both.open(sealed, 'ana'), both.isOld(sealed)]).toEqual(['text', true]);
    expect(both.isOld(await both.seal('text', 'ana'))).toBe(false);
  });
});
