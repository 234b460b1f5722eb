// Compares plain, metered and naively counted runs of generated modules; ends with 1 if any differ.
// usage: node scripts/fuzz-fuel.ts [FIRST_SEED] [COUNT]
import { differential } from './fuzz/fuel-differential.ts';

const [first = 0, count = 50] = process.argv.slice(2).map(Number);
const sum = { modules: 0, skipped: 0, sameResults: 0, sameCounts: 0, problems: 0 };
for (let seed = first; seed < first + count; seed += 1) {
  const { sameResults, sameCounts, problems, skipped } = differential(seed);
  if (skipped) sum.skipped += 1;
  else sum.modules += 1;
  sum.sameResults += sameResults;
  sum.sameCounts += sameCounts;
  sum.problems += problems.length;
  for (const problem of problems) console.log(problem);
}
console.log(
  `${sum.modules} modules from seed ${first} (${sum.skipped} skipped): ${sum.sameResults} equal ` +
    `results, ${sum.sameCounts} equal counts, ${sum.problems} differences`,
);
if (sum.problems > 0) process.exitCode = 1;
