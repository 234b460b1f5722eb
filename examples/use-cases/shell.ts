// A shell script over a granted folder: pipes, awk and sort, in a guest. There is no shell of the host behind it.
import { fileURLToPath } from 'node:url';
import { createRuntime } from 'sandglass';

await using runtime = createRuntime();
const outcome = await runtime.run({
  language: 'shell',
  code: `set -euo pipefail
    cd /data
    echo "kinds of weather:"
    tail -n +2 seattle-weather.csv | cut -d, -f6 | sort | uniq -c | sort -rn
    echo "rain by year:"
    awk -F, 'NR > 1 { rain[substr($1, 1, 4)] += $2 } END { for (year in rain) printf "%s %.1f mm\\n", year, rain[year] }' seattle-weather.csv | sort
    echo "windiest: $(tail -n +2 seattle-weather.csv | sort -t, -k5,5 -rn | head -1 | cut -d, -f1,5)"
    command -v docker || echo "no docker here"`,
  grant: {
    fs: [{ host: fileURLToPath(new URL('../data', import.meta.url)), guest: '/data', access: ['read'] }],
  },
});
if (!outcome.ok) throw outcome.error;
console.log(outcome.stdout.trimEnd());
