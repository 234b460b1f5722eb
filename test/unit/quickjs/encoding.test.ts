import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

/** Deterministic bytes that are UTF-8 about half of the time. */
function samples(): number[][] {
  let state = 12345;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pieces = [
    [0x41],
    [0xc3, 0xa9],
    [0xe2, 0x82, 0xac],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xef, 0xbb, 0xbf],
    [0xed, 0xa0, 0x80],
    [0xc0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xff],
    [0xe2, 0x82],
    [0xf0, 0x9f],
    [0x80],
  ];
  return Array.from({ length: 150 }, () =>
    Array.from({ length: 1 + next(6) }, () => pieces[next(pieces.length)] ?? []).flat(),
  );
}

describe('TextDecoder and TextEncoder', () => {
  test.each(['utf-8', 'utf-16le', 'utf-16be', 'latin1'])(
    'decode %s as the host does, whole and in pieces',
    async (label) => {
      const given = samples();
      const expected = given.map((bytes) => {
        const whole = Uint8Array.from(bytes);
        const stream = new TextDecoder(label);
        const pieces =
          whole.reduce(
            (text, _, at) => text + stream.decode(whole.subarray(at, at + 1), { stream: true }),
            '',
          ) + stream.decode();
        let fatal: string;
        try {
          fatal = new TextDecoder(label, { fatal: true }).decode(whole);
        } catch (error) {
          fatal = (error as Error).name;
        }
        return [
          new TextDecoder(label).decode(whole),
          new TextDecoder(label, { ignoreBOM: true }).decode(whole),
          pieces,
          fatal,
        ];
      });
      const { value } = await runJs(
        `given.map((bytes) => {
        const whole = Uint8Array.from(bytes);
        const stream = new TextDecoder(label);
        let pieces = '';
        for (let at = 0; at < whole.length; at++) pieces += stream.decode(whole.subarray(at, at + 1), { stream: true });
        pieces += stream.decode();
        let fatal;
        try { fatal = new TextDecoder(label, { fatal: true }).decode(whole); } catch (error) { fatal = error.name; }
        return [new TextDecoder(label).decode(whole), new TextDecoder(label, { ignoreBOM: true }).decode(whole), pieces, fatal];
      })`,
        { spec: { inputs: { given, label } } },
      );
      expect(value).toEqual(expected);
    },
  );

  test('encode() and encodeInto() agree with the host', async () => {
    const texts = ['', 'abc', 'é€😀', '\ud800', 'a\udc00b', '\0'];
    const { value } = await runJs(
      `texts.map((text) => { const target = new Uint8Array(5); return [[...new TextEncoder().encode(text)], new TextEncoder().encodeInto(text, target), [...target]]; })`,
      { spec: { inputs: { texts } } },
    );
    expect(value).toEqual(
      texts.map((text) => {
        const target = new Uint8Array(5);
        return [[...new TextEncoder().encode(text)], new TextEncoder().encodeInto(text, target), [...target]];
      }),
    );
  });

  test('an unknown label is a RangeError', async () => {
    expect((await runJs('try { new TextDecoder("nope") } catch (e) { e.name }')).value).toBe('RangeError');
  });
});

describe('atob and btoa', () => {
  test('agree with the host, errors included', async () => {
    const good = ['', 'YQ==', 'YWI=', 'YWJj', ' Y W J j ', 'YQ', '/+8='];
    const bad = ['Y', 'YQ=', '====', 'Y*==', 'YWJj='];
    const { value } = await runJs(
      `const attempt = (f) => { try { return f(); } catch (e) { return e.name; } };
       [good.map((text) => atob(text)), bad.map((text) => attempt(() => atob(text))), ['', 'a', 'ab', 'abc', '\\xff\\0'].map((t) => btoa(t)), attempt(() => btoa('€'))]`,
      { spec: { inputs: { good, bad } } },
    );
    expect(value).toEqual([
      good.map((text) => atob(text)),
      bad.map(() => 'InvalidCharacterError'),
      ['', 'a', 'ab', 'abc', '\xff\0'].map((text) => btoa(text)),
      'InvalidCharacterError',
    ]);
  });
});
