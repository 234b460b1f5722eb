// A model asks for figures of a file: its program in Python reads one granted folder, and nothing else.
import { fileURLToPath } from 'node:url';
import { createRuntime } from 'sandglass';

await using runtime = createRuntime();
const outcome = await runtime.run({
  language: 'python',
  code: `import csv, statistics
from collections import defaultdict

months = defaultdict(list)
with open('/data/seattle-weather.csv', newline='') as file:
    for day in csv.DictReader(file):
        months[int(day['date'][5:7])].append(day)

for month, days in sorted(months.items()):
    warm = statistics.fmean(float(day['temp_max']) for day in days)
    wet = sum(float(day['precipitation']) > 0 for day in days) / len(days)
    print(f'{month:2}  {warm:5.1f} °C  {wet:4.0%} of days wet  {"#" * round(wet * 20)}')

every = [day for days in months.values() for day in days]
statistics.correlation([float(day['temp_max']) for day in every], [float(day['wind']) for day in every])`,
  grant: {
    fs: [{ host: fileURLToPath(new URL('../data', import.meta.url)), guest: '/data', access: ['read'] }],
  },
});
if (!outcome.ok) throw outcome.error;
console.log(outcome.stdout.trimEnd());
console.log(`wind and warmth: r = ${(outcome.value as number).toFixed(3)}`);
