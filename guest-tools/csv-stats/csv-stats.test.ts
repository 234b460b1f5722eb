import { beforeAll, expect, test } from 'vitest';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { buildTool } from '../../scripts/build-tools.ts';
import { runTool } from '../../test/guests/component/run-tool.ts';

beforeAll(async () => {
  await buildTool('csv-stats');
});

const CSV = 'city,rain,note\nOslo,2.5,"wet, cold"\nRome,0.5,\nLima,0,"say ""hi"""\nCairo,,\n';

const files = { 'fs.readFile': () => ({ value: null, bytes: new TextEncoder().encode(CSV) }) };

test('csv-stats describes each column', async () => {
  const { result, host } = await runTool('csv-stats', { path: '/data/rain.csv' }, files);
  expect(result).toMatchObject({
    kind: 'value',
    value: {
      rows: 4,
      columns: [
        { name: 'city', count: 4, missing: 0, distinct: 4 },
        { name: 'rain', count: 3, missing: 1, distinct: 3, minimum: 0, maximum: 2.5, mean: 1, median: 0.5 },
        { name: 'note', count: 2, missing: 2, distinct: 2 },
      ],
    },
  });
  expect(host.calls).toEqual([{ operation: 'fs.readFile', args: { path: '/data/rain.csv' } }]);
});

test('csv-stats answers only the columns asked for, and names the known ones for a misspelt column', async () => {
  const one = await runTool('csv-stats', { path: '/data/rain.csv', columns: ['rain'] }, files);
  expect(one.result).toMatchObject({ value: { rows: 4, columns: [{ name: 'rain' }] } });
  const none = await runTool('csv-stats', { path: '/data/rain.csv', columns: ['rian'] }, files);
  expect(none.result).toMatchObject({
    kind: 'threw',
    error: { message: 'Cannot find column "rian": the file has city, rain, note' },
  });
});

test('csv-stats lets a refusal through under its own number', async () => {
  const denied = new SandglassError(
    'CAPABILITY_DENIED',
    'Cannot read "/data/rain.csv": no grant for fs.read covers it',
  );
  const { result } = await runTool(
    'csv-stats',
    { path: '/data/rain.csv' },
    {
      'fs.readFile': () => {
        throw denied;
      },
    },
  );
  expect(result).toMatchObject({ kind: 'threw', refusalId: 1, error: { message: denied.message } });
});
