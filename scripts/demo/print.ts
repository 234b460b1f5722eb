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

const whole = (fuel: number | null): string => (fuel === null ? '–' : fuel.toLocaleString('en'));

export function usageTable(acts: readonly Act[]): void {
  const rows = acts.map(({ name, outcome: { ok, usage, meta, ...rest } }) => [
    name,
    meta.engine ?? '',
    ok ? 'ok' : 'error' in rest ? rest.error.code : '',
    whole(usage.fuel),
    usage.durationMs.toFixed(1),
    (usage.memoryBytes / 1_048_576).toFixed(1),
    String(Object.values(usage.hostCalls).reduce((sum, calls) => sum + calls, 0)),
  ]);
  table(['run', 'engine', 'outcome', 'fuel', 'ms', 'MiB', 'host calls'], rows, 3);
}

/** What each tool that a run called cost, and the run as a whole: its fuel is that of the calls and of the program itself. */
export function callTable({ usage, meta, ...rest }: Outcome): void {
  const rows = (meta.calls ?? []).map(({ tool, ok, code, fuel, durationMs, outputBytes }) => [
    tool,
    ok ? 'ok' : (code ?? ''),
    whole(fuel),
    durationMs.toFixed(1),
    outputBytes.toLocaleString('en'),
  ]);
  const all = [
    'the run',
    'error' in rest ? rest.error.code : 'ok',
    whole(usage.fuel),
    usage.durationMs.toFixed(1),
    usage.outputBytes.toLocaleString('en'),
  ];
  table(['call', 'outcome', 'fuel', 'ms', 'bytes'], [...rows, all], 2);
}

/** @param texts columns from the left that are words; the others are figures. */
function table(head: readonly string[], rows: readonly (readonly string[])[], texts: number): void {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  for (const [index, row] of all.entries()) {
    const line = row
      .map((cell, at) => (at < texts ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
    console.log(`  ${index === 0 ? style('dim', line) : line}`);
  }
}
