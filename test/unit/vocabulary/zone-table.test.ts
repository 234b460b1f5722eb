import { describe, expect, test } from 'vitest';
import { zoneList, zoneTable } from '../../../runtime/vocabulary/zone-table.ts';

/** What stands after the table: the rule of POSIX for later years. */
const ruleOf = (zone: string): string | undefined =>
  new TextDecoder('latin1').decode(zoneTable(zone)).split('\n').at(-2);

describe('zoneTable()', () => {
  test.each([
    ['America/New_York', 'EST5EDT,M3.2.0,M11.1.0'],
    ['Europe/Berlin', 'CET-1CEST,M3.5.0,M10.5.0/3'],
    ['Europe/London', 'GMT0BST,M3.5.0/1,M10.5.0'],
    ['Australia/Sydney', 'AEST-10AEDT,M10.1.0,M4.1.0/3'],
    ['Australia/Lord_Howe', '<+1030>-10:30<+11>-11,M10.1.0,M4.1.0'],
    ['Asia/Kolkata', 'IST-5:30'],
    ['Asia/Tokyo', 'JST-9'],
    ['America/Sao_Paulo', '<-03>3'],
    ['Etc/UTC', 'UTC0'],
  ])('%s goes on as the time zone database says', (zone, rule) => {
    expect(ruleOf(zone)).toBe(rule);
  });

  test.each(['', 'No/Such', '+05:30', '../etc/passwd', 'a'.repeat(10_000), 'utc\0'])(
    '%j has none',
    (zone) => {
      expect(zoneTable(zone)).toBeUndefined();
    },
  );

  test('is made once for a zone, however its name is written', () => {
    expect(zoneTable('Europe/PARIS')).toBe(zoneTable('Europe/Paris'));
  });

  test('each listed zone has one', () => {
    expect(zoneList()).toEqual(expect.arrayContaining(['UTC', 'Asia/Tokyo', 'America/New_York']));
    expect(zoneList().length).toBeLessThan(1_000);
  });
});

test('the spelling of whoever asks first is not seen by the next', () => {
  for (const zone of ['Pacific/Midway', 'Pacific/Apia', 'Asia/Colombo', 'Europe/Minsk', 'Europe/Jersey']) {
    const shouted = zoneTable(zone.toUpperCase());
    expect(shouted).toBe(zoneTable(zone));
  }
  expect(new TextDecoder('latin1').decode(zoneTable('Pacific/Midway'))).toContain('SST');
});
