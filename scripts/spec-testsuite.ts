// Runs the scripts of the WebAssembly core specification twice, as they are and rewritten with fuel, and prints where they differ.
// usage: node scripts/spec-testsuite.ts CHECKOUT [NAME…]      a checkout of github.com/WebAssembly/testsuite
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SandglassError } from '../runtime/vocabulary/errors.ts';
import { instrument } from '../runtime/wasm/instrument.ts';
import { createMeter, type Meter } from '../runtime/wasm/meter.ts';
import { forgetBinaries, runScript, type Treatment } from './spec/runner.ts';

const [checkout, ...only] = process.argv.slice(2);
if (checkout === undefined) {
  console.error('usage: node scripts/spec-testsuite.ts CHECKOUT [NAME…]');
  process.exit(2);
}

const PLAIN: Treatment = { rewrite: (bytes) => bytes, open: ({ exports }) => exports };

const refused = new Map<string, number>();

/** Each script has a meter; its modules share one counter. */
const metered = (meter: Meter): Treatment => ({
  rewrite: (bytes) => {
    try {
      return instrument(bytes, { maxMemoryPages: 65_536, maxTableElements: 10_000_000, collectedHeap: true });
    } catch (error) {
      if (error instanceof SandglassError && WebAssembly.validate(bytes)) {
        const reason = error.message.replace(/ at byte \d+$/, '').replace(/^[^:]*: /, '');
        refused.set(reason, (refused.get(reason) ?? 0) + 1);
      }
      throw error;
    }
  },
  open: (instance) => {
    const exports = meter.attach(instance);
    meter.start(instance);
    return exports;
  },
});

const files = readdirSync(checkout, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.wast') && !name.startsWith('proposals'))
  .filter((name) => only.length === 0 || only.some((wanted) => name.includes(wanted)))
  .sort();

const sum = { scripts: 0, assertions: 0, plain: 0, rewritten: 0, same: 0, lost: 0, gained: 0 };
for (const name of files) {
  const source = readFileSync(join(checkout, name), 'utf8');
  const plain = await runScript(source, PLAIN);
  const rewritten = await runScript(source, metered(createMeter({ fuel: Number.MAX_SAFE_INTEGER })));
  forgetBinaries();
  sum.scripts += 1;
  sum.assertions += plain.length;
  for (const [index, before] of plain.entries()) {
    const after = rewritten[index];
    if (before.passed) sum.plain += 1;
    if (after?.passed === true) sum.rewritten += 1;
    if (before.passed === after?.passed) sum.same += 1;
    else if (before.passed) sum.lost += 1;
    else sum.gained += 1;
    if (before.passed !== after?.passed) {
      const said = (after?.passed === false ? after.reason : before.reason) ?? '';
      console.log(
        `${name}:${before.line} ${before.command}: plain ${before.passed}, rewritten ${after?.passed} ${said}`,
      );
    } else if (only.length > 0 && !before.passed) {
      console.log(`${name}:${before.line} ${before.command}: fails both ways ${before.reason ?? ''}`);
    }
  }
}
console.log(
  `${sum.scripts} scripts, ${sum.assertions} commands: ${sum.plain} pass plain, ${sum.rewritten} pass ` +
    `rewritten, ${sum.same} end alike, ${sum.lost} lost, ${sum.gained} gained`,
);
for (const [reason, count] of refused) console.log(`valid, but refused ${count} times: ${reason}`);
