import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressByZlib } from '../../../runtime/cell/worker-zlib.ts';
import {
  type CompressOptions,
  compressPrimitive,
} from '../../../runtime/engines/quickjs/compress-primitive.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

interface Asked {
  readonly format?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly bytes?: Uint8Array;
  readonly options?: Partial<CompressOptions>;
}

/** What came of it, what was billed, and what was held at most. */
function ask({ format = 'brotli', parameters = {}, bytes = new Uint8Array(1000), options = {} }: Asked) {
  let [billed, held, most] = [0, 0, 0];
  const used: number[] = [];
  const answer = compressPrimitive(JSON.stringify({ format, parameters }), bytes, {
    compress: (...given) => {
      used.push(Object.values(given[2])[0] ?? Number.NaN);
      return compressByZlib(...given);
    },
    shared: false,
    charge: (units) => {
      billed += units;
    },
    hold: (size) => {
      held += size;
      most = Math.max(most, held);
      return () => {
        held -= size;
      };
    },
    ...options,
  });
  expect(held).toBe(0);
  return { answer, billed, most, quality: used[0] };
}

describe('compressing by the platform', () => {
  test('is billed by size and quality before it is done, and held meanwhile', () => {
    const [small, large, lower] = [
      ask({}),
      ask({ bytes: new Uint8Array(2000) }),
      ask({ parameters: { 1: 5 }, bytes: new Uint8Array(2000) }),
    ];
    expect(large.billed - small.billed).toBe(700 * 1000);
    expect(lower.billed).toBeLessThan(large.billed / 2);
    expect(large.most).toBeGreaterThan(2 * 2000);
    expect(brotliDecompressSync(large.answer as Uint8Array)).toHaveLength(2000);
    const steps: string[] = [];
    ask({
      options: {
        charge: () => steps.push('billed'),
        compress: () => {
          steps.push('done');
          return new Uint8Array();
        },
      },
    });
    expect(steps).toEqual(['billed', 'done']);
  });

  test.each([
    [1000, false, 11],
    [1_000_000, false, 11],
    [2_000_000, false, 10],
    [8_000_000, false, 9],
    [50_000, true, 11],
    [200_000, true, 10],
    [1_500_000, true, 8],
  ])('%i bytes without a quality, thread shared %j: %i', (size, shared, quality) => {
    const compress: CompressOptions['compress'] = () => new Uint8Array();
    const qualities: number[] = [];
    ask({
      bytes: new Uint8Array(size),
      options: {
        shared,
        compress: (...given) => {
          qualities.push(given[2][1] ?? -1);
          return compress(...given);
        },
      },
    });
    expect(qualities).toEqual([quality]);
  });

  test('a parameter has one spelling: another would go past its price to the platform, which takes it', () => {
    for (const parameters of [{ '0x6b': 9 }, { ' 107': 9 }, { '1.07e2': 9 }])
      expect(ask({ format: 'zstd', parameters })).toMatchObject({ answer: 'parameters', billed: 0 });
    expect(ask({ parameters: { '0x1': 11 } })).toMatchObject({ answer: 'parameters', billed: 0 });
  });

  test('a program that replaced JSON is answered with its own mistake', async () => {
    for (const said of ['x', '{}', '{"format":"zstd"}', 'null', '{"format":"toString","parameters":{}}']) {
      const kindOf = async (call: string) =>
        (await runJs(`JSON.stringify = () => ${JSON.stringify(said)}; ${call}`)).result.kind;
      expect([said, await kindOf(`require('zlib').brotliCompressSync('a')`)]).toEqual([said, 'threw']);
      // The guest does it itself then.
      expect(await kindOf(`require('crypto').pbkdf2Sync('a', 'b', 1, 1, 'sha256')`)).toBe('value');
    }
  });

  test('what would hold its thread, or take memory that the run has not, is refused and not billed', () => {
    const refused = (asked: Asked): unknown => {
      const { answer, billed } = ask(asked);
      expect(billed).toBe(0);
      return answer;
    };
    const megabytes = new Uint8Array(5_000_000);
    expect(refused({ parameters: { 1: 11 }, bytes: megabytes })).toBe('work');
    expect(
      refused({ parameters: { 1: 11 }, bytes: megabytes.subarray(0, 100_000), options: { shared: true } }),
    ).toBe('work');
    expect(refused({ format: 'zstd', parameters: { 107: 9, 100: 1 }, bytes: megabytes })).toBe('work');
    expect(refused({ bytes: megabytes, options: { hold: () => undefined } })).toBe('memory');
    expect(refused({ options: { compress: undefined } })).toBe('none');
    for (const parameters of [
      { 6: 1 },
      { 1: 12 },
      { 1: -1 },
      { 2: 30 },
      { 1: 0.5 },
      { 1: 'x' },
      { __proto__x: 1 },
    ])
      expect(refused({ parameters })).toBe('parameters');
    for (const parameters of [{ 101: 27 }, { 102: 20 }, { 100: 23 }, { 1: 5 }])
      expect(refused({ format: 'zstd', parameters })).toBe('parameters');
    expect(refused({ format: 'toString' })).toBe('parameters');
  });

  test('a guest without a codec is told so, and goes on', async () => {
    const { value } = await runJs(
      `const zlib = require('zlib'); try { zlib.zstdCompressSync('x') } catch (error) { [error.code, error.message] }`,
    );
    expect(value).toEqual([
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      'Cannot compress 1 bytes by zstd: this platform has no codec for it; use gzip or deflate',
    ]);
  });
});
