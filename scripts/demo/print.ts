import { styleText } from 'node:util';
import type { Outcome } from '../../runtime/index.ts';
import type { Act } from './stage.ts';

const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { stream: process.stdout });

export const heading = (text: string): void => console.log(`\n${style('bold', text)}\n`);
export const say = (text: string): void => console.log(`  ${text}`);
export const show = (text: string): void => {
  for (const line of text.trimEnd().split('\n')) console.log(`    ${style('cyan', line)}`);
};

const missed: string[] = [];

/** Says whether what was promised held; what did not makes the demo end with 1. */
export function check(held: boolean, promise: string): void {
  console.log(`  ${held ? style('green', '✔') : style('red', '✘')} ${promise}`);
  if (!held) missed.push(promise);
}

export const missedPromises = (): readonly string[] => missed;

/** What a guest that was refused is told, in full. */
export function showDenial(outcome: Outcome): void {
  if (outcome.ok) {
    say('… and it got through');
    return;
  }
  console.log(`    ${style('yellow', outcome.error.code)}  ${outcome.error.message}`);
  if (outcome.error.hint !== undefined) console.log(`    ${style('dim', outcome.error.hint)}`);
}

export function usageTable(acts: readonly Act[]): void {
  const rows = acts.map(({ name, outcome: { ok, usage, meta, ...rest } }) => [
    name,
    meta.engine ?? '',
    ok ? 'ok' : 'error' in rest ? rest.error.code : '',
    usage.fuel === null ? '–' : usage.fuel.toLocaleString('en'),
    usage.durationMs.toFixed(1),
    (usage.memoryBytes / 1_048_576).toFixed(1),
    String(Object.values(usage.hostCalls).reduce((sum, calls) => sum + calls, 0)),
  ]);
  const all = [['run', 'engine', 'outcome', 'fuel', 'ms', 'MiB', 'host calls'], ...rows];
  const widths = all[0]?.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0))) ?? [];
  for (const [index, row] of all.entries()) {
    const line = row
      .map((cell, at) => (at < 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
    console.log(`  ${index === 0 ? style('dim', line) : line}`);
  }
}
