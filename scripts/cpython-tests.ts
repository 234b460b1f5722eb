// Runs a slice of CPython's own test suite as guests of ours and in stock Pyodide, and compares them test by test. What passes there and
// not here needs a reason in cpython/known.ts. Takes the path of a CPython `Lib` folder: node scripts/cpython-tests.ts LIB [module…]
// Ends with 1 when a test is lost without a reason, or when no test of a module passes on either side: that module proves nothing.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createRuntime } from '../runtime/index.ts';
import { KNOWN } from './cpython/known.ts';
import { programFor } from './cpython/program.ts';
import { type Outcomes, runModule, type Side } from './cpython/side.ts';
import { ours, stock } from './cpython/sides.ts';
import { LEFT_OUT, SLICE } from './cpython/slice.ts';

const [path, ...named] = process.argv.slice(2);
if (path === undefined || !existsSync(join(path, 'test/support'))) {
  console.error("Cannot run CPython's tests: give the path of a CPython Lib folder, e.g. a checkout's Lib");
  process.exit(2);
}
const tests = resolve(path, 'test');
const modules = named.length > 0 ? named : SLICE;
const absent = modules.filter((name) => {
  const file = join(tests, ...name.split('.'));
  return !existsSync(`${file}.py`) && !existsSync(file);
});
if (absent.length > 0) {
  console.error(
    `Cannot run CPython's tests: ${tests} has no ${absent.join(', ')}; is it that of CPython 3.14?`,
  );
  process.exit(2);
}

const passes = (outcomes: Outcomes): readonly string[] =>
  [...outcomes].filter(([, outcome]) => outcome === 'pass').map(([id]) => id);

/** Why a test has not passed; one that was not run is explained by its class's or its module's own set-up. */
function outcomeOf(outcomes: Outcomes, id: string, module: string): string {
  const holder = id.slice(0, id.lastIndexOf('.'));
  const own = outcomes.get(id) ?? outcomes.get(`setUpClass (${holder})`);
  return own ?? outcomes.get(`test.${module}`) ?? 'not run';
}

const reasonFor = (id: string): string | undefined =>
  Object.keys(KNOWN).find((start) => id.startsWith(start));

const runtime = createRuntime();
const sides: readonly [Side, Side] = [ours(runtime, tests), stock(tests)];
const [totals, unexplained, barren, used] = [[0, 0], [] as string[], [] as string[], new Set<string>()];
let known = 0;
const tell = (message: string): void => console.log(`  ${message}`);
const begun = performance.now();
for (const module of modules) {
  const took: number[] = [];
  const [here, there] = (await Promise.all(
    sides.map(async (side, index) => {
      const start = performance.now();
      const outcomes = await runModule(
        side,
        module,
        (ended) => programFor(module, Object.keys(LEFT_OUT), ended),
        tell,
      );
      took[index] = Math.round((performance.now() - start) / 1000);
      return outcomes;
    }),
  )) as [Outcomes, Outcomes]; // one for each of the two sides
  const [passHere, passThere] = [passes(here), passes(there)];
  totals[0] = (totals[0] ?? 0) + passHere.length;
  totals[1] = (totals[1] ?? 0) + passThere.length;
  console.log(
    `${module.padEnd(28)} here ${String(passHere.length).padStart(5)}, stock ` +
      `${String(passThere.length).padStart(5)}, of ${Math.max(here.size, there.size)} (${took[0]} s, ` +
      `${took[1]} s)`,
  );
  for (const [name, outcomes] of [
    ['here', here],
    ['stock', there],
  ] as const) {
    const whole = outcomes.get(`test.${module}`);
    if (whole !== undefined) console.log(`  ${name}: ${module}: ${whole}`);
  }
  if (passHere.length === 0 && passThere.length === 0) {
    barren.push(module);
    const [first, second] = [here, there].map((outcomes) => [...outcomes.values()][0] ?? 'no test');
    console.log(`  proves nothing: no test passes on either side (here ${first}; stock ${second})`);
  }
  for (const id of passThere.filter((name) => here.get(name) !== 'pass')) {
    const start = reasonFor(id);
    if (start === undefined) unexplained.push(id);
    else {
      known += 1;
      used.add(start);
    }
    console.log(`  ${start === undefined ? 'LOST' : 'known'} ${id}: ${outcomeOf(here, id, module)}`);
  }
}
await runtime.close();

console.log(
  `\n${modules.length} modules in ${Math.round((performance.now() - begun) / 1000)} s: here ` +
    `${totals[0]} tests pass, in stock Pyodide ${totals[1]}; of those, ${known} fail here for a known ` +
    `reason and ${unexplained.length} for none`,
);
for (const start of used) console.log(`  ${start}: ${KNOWN[start]}`);
for (const start of named.length > 0 ? [] : Object.keys(KNOWN).filter((name) => !used.has(name)))
  console.log(`  ${start} is known and passes`);
for (const module of barren) console.log(`  ${module} proves nothing: no test of it passes on either side`);
process.exit(unexplained.length === 0 && barren.length === 0 ? 0 : 1);
