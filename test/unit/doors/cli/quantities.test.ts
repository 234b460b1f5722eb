import { describe, expect, test } from 'vitest';
import {
  formatCount,
  formatDuration,
  formatSize,
  parseDuration,
  parseFuel,
  parseSize,
  parseWhole,
} from '../../../../runtime/doors/cli/quantities.ts';

describe('parseDuration()', () => {
  test.each([
    ['5s', 5_000],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['2 MIN', 120_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration('--timeout', text)).toBe(ms);
  });

  test.each(['5', 's', '', '-5s', '5h', '5s5s', '1e3ms', 'constructor'])('refuses %j', (text) => {
    expect(() => parseDuration('--timeout', text)).toThrow(
      `Cannot read --timeout=${text}: expected a time with its unit, such as 500ms, 5s or 2m`,
    );
  });

  test('refuses what is out of range', () => {
    expect(() => parseDuration('--timeout', '0s')).toThrow(
      'Cannot use --timeout=0s: it goes from 1 ms to 600000 ms',
    );
    expect(() => parseDuration('--timeout', '11m')).toThrow('from 1 ms to 600000 ms');
  });
});

describe('parseSize()', () => {
  test.each([
    ['64MiB', 64 * 1024 * 1024],
    ['64mb', 64_000_000],
    ['1GiB', 1024 ** 3],
    ['2097152B', 2_097_152],
    ['1.5 MiB', 1_572_864],
  ])('reads %s', (text, bytes) => {
    expect(parseSize('--memory', text)).toBe(bytes);
  });

  test.each(['64', '64M', 'MiB', '64 TiB'])('refuses %j', (text) => {
    expect(() => parseSize('--memory', text)).toThrow('expected a size with its unit, such as 64MiB or 1GiB');
  });

  test('refuses what is out of range', () => {
    expect(() => parseSize('--memory', '1KiB')).toThrow('it goes from 1 MiB to 4 GiB');
  });
});

describe('parseFuel()', () => {
  test.each([
    ['5000000', 5e6],
    ['5_000_000', 5e6],
    ['5M', 5e6],
    ['2.5g', 2.5e9],
  ])('reads %s', (text, units) => {
    expect(parseFuel('--fuel', text)).toBe(units);
  });

  test.each(['', '0', '-1', '5x', '99999999999999999999'])('refuses %j', (text) => {
    expect(() => parseFuel('--fuel', text)).toThrow(/^Cannot (read|use) --fuel=/);
  });
});

describe('parseWhole()', () => {
  test('reads whole numbers of its range only', () => {
    expect(parseWhole('--port', '0', 0, 65_535)).toBe(0);
    for (const text of ['-1', '65536', '1.5', '', 'x', '0x10', '1e3']) {
      expect(() => parseWhole('--port', text, 0, 65_535)).toThrow(
        `Cannot read --port=${text}: expected a whole number from 0 to 65535`,
      );
    }
  });
});

describe('formatting', () => {
  test('shows times, sizes and counts short', () => {
    expect([0.4, 3.25, 12.3, 999, 1_000, 61_250].map(formatDuration)).toEqual([
      '0.4 ms',
      '3.3 ms',
      '12 ms',
      '999 ms',
      '1 s',
      '61.3 s',
    ]);
    expect([0, 812, 1_024, 17_616_077, 4 * 1024 ** 3].map(formatSize)).toEqual([
      '0 B',
      '812 B',
      '1 KiB',
      '16.8 MiB',
      '4 GiB',
    ]);
    expect([0, 812, 12_345, 300_000, 4_100_000_000].map(formatCount)).toEqual([
      '0',
      '812',
      '12.3 k',
      '0.3 M',
      '4.1 G',
    ]);
  });
});
