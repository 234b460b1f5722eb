// A guest. It sees two folders and nothing else: /data to read from, /out to write to.
import { readFile, writeFile } from 'node:fs/promises';

interface Day {
  readonly month: string;
  readonly rain: number;
  readonly warmest: number;
  readonly weather: string;
}

const NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const [, ...lines] = (await readFile('/data/seattle-weather.csv', 'utf8')).trim().split('\n');
const days = lines.map((line): Day => {
  const [date = '', rain, warmest, , , weather = ''] = line.split(',');
  return {
    month: NAMES[Number(date.slice(5, 7)) - 1] ?? '?',
    rain: Number(rain),
    warmest: Number(warmest),
    weather,
  };
});
const mean = (values: readonly number[]): number =>
  Math.round((10 * values.reduce((sum, value) => sum + value, 0)) / values.length) / 10;

const months = [...Map.groupBy(days, ({ month }) => month)].map(([month, its]) => ({
  month,
  days: its.length,
  rainPerDay: mean(its.map(({ rain }) => rain)),
  warmest: mean(its.map(({ warmest }) => warmest)),
  sunnyShare: Math.round((100 * its.filter(({ weather }) => weather === 'sun').length) / its.length),
}));

await writeFile('/out/months.json', JSON.stringify(months));
const rows = months.map(({ month, rainPerDay, warmest }) => `${month},${rainPerDay},${warmest}`);
await writeFile('/out/months.csv', ['month,rain,warmest', ...rows].join('\n'));
console.log(`${days.length} days of weather in ${months.length} months`);

// biome-ignore lint/style/noDefaultExport: the value of the run
export default months;
