import { describe, expect, test } from 'vitest';
import { zoneNames } from '../../../runtime/vocabulary/zone-names.ts';

describe('zoneNames() calls local time as the time zone database does', () => {
  test.each([
    ['America/New_York', 'EST', 'EDT'],
    ['America/Sao_Paulo', '-03', '-03'],
    ['America/St_Johns', 'NST', 'NDT'],
    ['Asia/Kathmandu', '+0545', '+0545'],
    ['Asia/Kolkata', 'IST', 'IST'],
    ['Asia/Tokyo', 'JST', 'JST'],
    ['Australia/Sydney', 'AEST', 'AEDT'],
    ['Etc/GMT+5', '-05', '-05'],
    ['Europe/Berlin', 'CET', 'CEST'],
    ['Europe/Jersey', 'GMT', 'BST'],
    ['Europe/London', 'GMT', 'BST'],
    ['Europe/Minsk', '+03', '+03'],
    ['Pacific/Apia', '+13', '+13'],
    ['Pacific/Pago_Pago', 'SST', 'SST'],
    [':Pacific/Auckland', 'NZST', 'NZDT'],
    ['UTC', 'UTC', 'UTC'],
    ['No/Such', 'UTC', 'UTC'],
    ['', 'UTC', 'UTC'],
  ])('%s', (zone, standard, summer) => {
    expect(zoneNames(zone, 2026)).toEqual([standard, summer]);
  });
});
