// Puts into examples/ what its programs and the documents work on: a data set, and a .wasm of each kind. Skips what is newer than its source.
import { cpSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import wabt from 'wabt';
import { compileChart } from './demo/compile-chart.ts';

const root = join(import.meta.dirname, '..');
const RAIN = 'month,rain\nJan,5.4\nFeb,4.4\n';

async function compileWat(path: string): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  return parseWat(path, await readFile(path, 'utf8')).toBinary({}).buffer;
}

const made = async (target: string, source: string, make: () => Promise<Uint8Array>): Promise<void> => {
  const [to, from] = [join(root, 'examples', target), join(root, source)];
  if (existsSync(to) && statSync(to).mtimeMs >= statSync(from).mtimeMs) return;
  writeFileSync(to, await make());
};

mkdirSync(join(root, 'examples/data'), { recursive: true });
cpSync(
  join(root, 'node_modules/vega-datasets/data/seattle-weather.csv'),
  join(root, 'examples/data/seattle-weather.csv'),
);
writeFileSync(join(root, 'examples/data/rain.csv'), RAIN);
const tool = 'guest-tools/csv-stats/dist/csv-stats.wasm';
await made('csv-stats.wasm', tool, () => readFile(join(root, tool)));
await made('fib.wasm', 'examples/fib.wat', () => compileWat(join(root, 'examples/fib.wat')));
await made('chart.wasm', 'scripts/demo/chart.as', compileChart);
