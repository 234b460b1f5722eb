// sandglass run examples/rain.ts --allow-read=./examples/data:/data
import { readFile } from 'node:fs/promises';

const [, ...days] = (await readFile('/data/seattle-weather.csv', 'utf8')).trim().split('\n');
const rain: number[] = days.map((day) => Number(day.split(',')[1]));
console.log(`${days.length} days`);
export default Math.max(...rain);
