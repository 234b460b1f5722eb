// Hostile guests against a host that serves HTTP: `npm run test:hostile -- [--only=WORD] [--level=LEVEL] [--guests=2] [--ms=1000] [--busy]
// [--programs=100000] [--minutes=30] [--fuzz-only [--seed=N] [--from=N]]`.
// Prints a table and fails where the host did not answer for too long or grew too large; then runs random programs of host calls.
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { FLOODS } from './hostile/floods.ts';
import { fuzzCalls } from './hostile/fuzz-calls.ts';
import { HOST_FLOODS } from './hostile/host-floods.ts';
import { type Watched, watchHost } from './hostile/watch-host.ts';

const MIB = 1024 ** 2;
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    level: { type: 'string' },
    guests: { type: 'string', default: '2' },
    ms: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '30' },
    busy: { type: 'boolean', default: false },
    programs: { type: 'string', default: '100000' },
    'fuzz-only': { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    from: { type: 'string', default: '0' },
  },
});
const guests = Number(values.guests);
const timeoutMs = Number(values.ms);
/** How long a host may not answer, ms; a run may be that much late beyond the grace of 200 ms, too. */
const MOST_SILENT_MS = values.busy ? 500 : 250;
const GRACE_MS = 200;
/** What one turn of the host's thread may take of the processor, ms: this holds on a busy machine, too. */
const MOST_HELD_MS = 125;
/** Beyond what its guests may hold. */
const MOST_GROWN_BYTES = 256 * MIB;
const CAPS = {
  quickjs: 64 * MIB,
  pyodide: 512 * MIB,
  preview1: 64 * MIB,
  component: 64 * MIB,
  // No guests: what they do is all on the host, but for the one Python guest of a wheel.
  door: 0,
  servers: 0,
  packages: 256 * MIB,
  browser: 0,
};
/** So long the floods may take of the whole, the rest is for the programs. */
const FLOODS_SHARE = 0.75;
const began = performance.now();
const isSpent = (share: number): boolean =>
  performance.now() - began > share * Number(values.minutes) * 60_000;
/** Figures of a machine that does other things, too, are worth what it leaves. */
const load = (): string => loadavg()[0]?.toFixed(1) ?? '?';

const faultsOf = ({ silentMs, grownBytes, lateMs, heldMs }: Watched, cap: number): string[] => [
  ...(heldMs > MOST_HELD_MS ? ['held'] : []),
  ...(silentMs > MOST_SILENT_MS ? ['silent'] : []),
  ...(grownBytes > guests * cap + MOST_GROWN_BYTES ? ['large'] : []),
  ...(lateMs > GRACE_MS + 2 * MOST_SILENT_MS ? ['late'] : []),
];

let failed = 0;
console.log(
  `load ${load()} on ${availableParallelism()} processors; bounds ${MOST_SILENT_MS} ms, ${MOST_GROWN_BYTES / MIB} MiB`,
);
console.log('| flood | engine | level | held ms | silent ms | late ms | others ms | grown MiB | ends | |');
console.log('| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |');
for (const flood of values['fuzz-only'] ? [] : [...FLOODS, ...HOST_FLOODS]) {
  if (!`${flood.engine} ${flood.name}`.includes(values.only)) continue;
  for (const level of flood.levels) {
    if (values.level !== undefined && level !== values.level) continue;
    const start = [flood.name, flood.engine, level];
    if (isSpent(FLOODS_SHARE)) {
      failed += 1;
      console.log(`| ${start.join(' | ')} | | | | | | | not run: no time was left |`);
      continue;
    }
    try {
      const watched = await watchHost({ flood, level, guests, timeoutMs });
      const { heldMs, silentMs, lateMs, otherMs, grownBytes, codes } = watched;
      const faults = faultsOf(watched, CAPS[flood.engine]);
      failed += faults.length;
      const figures = [heldMs, silentMs, lateMs, otherMs ?? 0, grownBytes / MIB].map((figure) =>
        figure.toFixed(0),
      );
      const cells = [...start, ...figures, [...new Set(codes)].join(' '), faults.join(', ')];
      console.log(`| ${cells.join(' | ')} |`);
    } catch (error) {
      failed += 1;
      console.log(
        `| ${start.join(' | ')} | | | | | | | ${error instanceof Error ? error.message : 'failed'} |`,
      );
    }
  }
}

const programs = Number(values.programs);
const [seed, from] = [Number(values.seed), Number(values.from)];
console.log(`\n${programs} random programs of host calls from number ${from}, seed ${seed}`);
const found = await fuzzCalls({
  programs,
  seed,
  from,
  goesOn: (done) => {
    if (done > 0 && done % 10_000 === 0) console.log(`${done} programs`);
    return !isSpent(1);
  },
});
if (found.programs < programs)
  console.error(
    `No time was left after ${found.programs} programs: go on with --fuzz-only --seed=${seed} ` +
      `--from=${from + found.programs} --programs=${programs - found.programs}`,
  );
console.log(`${found.calls} calls, ${found.served} served, at most ${found.mostAtOnce} at once`);
for (const fault of found.faults) console.error(fault);
console.log(
  `\n${failed} faults in ${((performance.now() - began) / 60_000).toFixed(1)} minutes, load ${load()}`,
);
process.exitCode = failed + found.faults.length > 0 || found.programs < programs ? 1 : 0;
