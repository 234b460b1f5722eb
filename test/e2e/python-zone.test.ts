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
