import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { createRuntime, unwrap } from '../../runtime/index.ts';

const runtime = createRuntime();
afterAll(() => runtime.close());

const CODE = `
import datetime, time
summer = datetime.datetime(2024, 7, 1, 12)
[str(datetime.datetime.fromtimestamp(0)), time.mktime((2024, 7, 1, 12, 0, 0, 0, 0, -1)), summer.astimezone().isoformat(), time.timezone, time.altzone, time.daylight, time.tzname, time.localtime(1720000000).tm_isdst]`;

const UTC = ['1970-01-01 00:00:00', 1_719_835_200, '2024-07-01T12:00:00+00:00', 0, 0, 0, ['UTC', 'UTC'], 0];

test.each([
  [undefined, UTC],
  ['No/Such', UTC],
  [
    'Asia/Tokyo',
    [
      '1970-01-01 09:00:00',
      1_719_802_800,
      '2024-07-01T12:00:00+09:00',
      -32_400,
      -32_400,
      0,
      ['JST', 'JST'],
      0,
    ],
  ],
  [
    'America/New_York',
    ['1969-12-31 19:00:00', 1_719_849_600, '2024-07-01T12:00:00-04:00', 18_000, 14_400, 1, ['EST', 'EDT'], 1],
  ],
])('local time is that of the zone that TZ of the grant names: %s', async (zone, expected) => {
  const env: Record<string, string> = zone === undefined ? {} : { TZ: zone };
  expect(unwrap(await runtime.run({ language: 'python', code: CODE, grant: { env } }))).toEqual(expected);
});

test('zones that programs name, and zones that they move to', async () => {
  const code = `
import datetime, os, time, zoneinfo
def told(zone, *at):
    moment = datetime.datetime(*at, tzinfo=zoneinfo.ZoneInfo(zone))
    return f'{moment.isoformat()} {moment.tzname()} {moment.dst()}'
os.environ['TZ'] = 'Asia/Tokyo'
time.tzset()
[told('America/New_York', 2024, 3, 10, 3), told('Europe/London', 1995, 7, 1), told('Asia/Kolkata', 2050, 1, 1), told('Europe/Berlin', 2050, 7, 1),
 str(datetime.datetime(2024, 11, 3, 1, 30, fold=1, tzinfo=zoneinfo.ZoneInfo('US/Eastern'))), len(zoneinfo.available_timezones()) > 400,
 time.tzname, datetime.datetime.fromtimestamp(0).hour]`;
  expect(
    unwrap(await runtime.run({ language: 'python', code, grant: { env: { TZ: 'Europe/Paris' } } })),
  ).toEqual([
    '2024-03-10T03:00:00-04:00 EDT 1:00:00',
    '1995-07-01T00:00:00+01:00 BST 1:00:00',
    '2050-01-01T00:00:00+05:30 IST 0:00:00',
    '2050-07-01T00:00:00+02:00 CEST 1:00:00',
    '2024-11-03 01:30:00-05:00',
    true,
    ['JST', 'JST'],
    9,
  ]);
  expect(unwrap(await runtime.run({ language: 'python', code: 'import time; time.tzname' }))).toEqual([
    'UTC',
    'UTC',
  ]);
});

test('the zone of the host reaches no guest', async () => {
  const cli = join(import.meta.dirname, '../../runtime/doors/cli/main.ts');
  const local = ['import time; time.localtime(0).tm_hour', 'new Date(0).getHours()'];
  for (const [index, language] of ['python', 'javascript'].entries()) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [cli, 'eval', `--lang=${language}`, String(local[index])],
      { env: { ...process.env, TZ: 'Asia/Tokyo' } },
    );
    expect(stdout.trim()).toBe('0');
  }
});
