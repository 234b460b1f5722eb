// A model describes a chart, a tool draws it: the picture is made in a guest and comes back as SVG that runs nothing, or as PNG.
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'sandglass';

const csv = (await readFile(new URL('../data/seattle-weather.csv', import.meta.url), 'utf8'))
  .trim()
  .split('\n');
const values = csv.slice(1).map((line) => {
  const [date, , high, , , weather] = line.split(',');
  return { date, high: Number(high), weather };
});

await using runtime = createRuntime({ tools: { builtin: true } });
const spec = {
  title: 'Warmth in Seattle',
  data: { values },
  mark: 'bar',
  encoding: {
    x: { timeUnit: 'month', field: 'date', type: 'temporal' },
    y: { aggregate: 'mean', field: 'high', type: 'quantitative' },
  },
};
const outcome = await runtime.tools.call('draw_chart', { spec }, { timeoutMs: 60_000 });
if (!outcome.ok) throw outcome.error;
const svg = outcome.text;
console.log(`drawn: ${svg.startsWith('<svg') && svg.endsWith('</svg>')}`);
console.log(`bars: ${svg.match(/<path[^>]+fill="#4c78a8"/g)?.length}`);
console.log(`title: ${svg.includes('Warmth in Seattle')}, scripts: ${svg.includes('<script')}`);

const pixels = await runtime.tools.call('draw_chart', { spec, format: 'png' }, { timeoutMs: 60_000 });
if (!pixels.ok) throw pixels.error;
const { text = '', mime } = runtime.artifacts.read(pixels.artifact ?? '') ?? {};
console.log(`file: ${mime}, ${Buffer.from(text, 'base64').subarray(1, 4)}`);
