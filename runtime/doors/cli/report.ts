import type { ErrorDetails, RunError } from '../../vocabulary/errors.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';
import type { Observed, OutcomeMeta, StepAbout } from '../../vocabulary/outcome.ts';
import type { Usage } from '../../vocabulary/usage.ts';
import { formatCount, formatDuration, formatSize } from './quantities.ts';
import { printable, type Style } from './style.ts';
import { table } from './table.ts';

/** `12 ms · 16.8 MiB · 0.3 M fuel · 2 host calls (fs.read 2)` */
export function usageLine({ durationMs, memoryBytes, fuel, hostCalls }: Usage): string {
  const calls = Object.entries(hostCalls);
  const total = calls.reduce((sum, [, count]) => sum + count, 0);
  return [
    formatDuration(durationMs),
    formatSize(memoryBytes),
    ...(fuel === null ? [] : [`${formatCount(fuel)} fuel`]),
    ...(total === 0
      ? []
      : [
          `${total} host call${total === 1 ? '' : 's'} (${calls.map(([name, count]) => `${name} ${count}`).join(', ')})`,
        ]),
  ].join(' · ');
}

/** The grant that a run needed, as it can be put into a file for `--grant`. */
export const observedLines = ({ grant, cwd }: Observed): string =>
  `needs --grant=FILE${cwd === undefined ? '' : ` --cwd=${printable(cwd)}`} with\n${printable(JSON.stringify(grant, null, 2))}\n`;

/** A value on its own: text as it is, anything else as one line of JSON. */
export function valueLine(value: GuestValue): string {
  const form = toJsonForm(value);
  return typeof form === 'string' ? form : JSON.stringify(form);
}

/**
 * Code, message, the guest's own stack or place, and what helps.
 * @param shown What the guest's stderr said already: an engine that writes an uncaught error there has shown its stack.
 */
export function errorLines({ code, message, details, hint }: RunError, style: Style, shown = ''): string {
  const lines = [
    `${style.red(style.bold(code))} ${printable(message)}`,
    ...whereLines(details ?? {}, message).filter((line) => !shown.includes(line.trim())),
    ...(hint === undefined ? [] : [style.dim(`hint: ${printable(inFlags(hint))}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function whereLines({ stack, file, line, column }: ErrorDetails, message: string): readonly string[] {
  if (typeof stack === 'string' && stack.trim() !== '') return frames(stack, message);
  if (typeof file !== 'string' || typeof line !== 'number') return [];
  return [`    at ${printable(placeOf(file, line, column))}`];
}

/** Limits by the names that a command line has for them. */
const inFlags = (hint: string): string =>
  hint
    .replace(/\bpass confirm\b/g, 'pass --yes')
    .replace(/\blimits\.timeoutMs\b/g, '--timeout')
    .replace(/\blimits\.cpuShare\b/g, '--cpu-share')
    .replace(/\blimits\.memoryBytes\b/g, '--memory')
    .replace(/\blimits\.fuel\b/g, '--fuel')
    .replace(/\blimits\.outputBytes\b/g, '--output')
    .replace(/\blimits\.hostCalls\b/g, '--host-calls')
    .replace(/\blimits\.\w+/g, '$& in a --grant file');

const placeOf = (file: string, line: number, column: unknown): string =>
  `${file}:${line}${typeof column === 'number' ? `:${column}` : ''}`;

/** Frames only: some engines repeat the message on top of a stack. */
const frames = (stack: string, message: string): string[] =>
  printable(stack)
    .split('\n')
    .map((frame) => frame.trim())
    .filter((frame) => frame !== '' && !message.endsWith(frame) && frame !== message)
    .map((frame) => `    ${frame}`);

/** What a run did, a step a line, with its time since the run was asked for; nothing for one that was not traced. */
export function stepLines({ trace, traceLeftOut }: Pick<OutcomeMeta, 'trace' | 'traceLeftOut'>): string {
  if (trace === undefined) return '';
  const rows = trace.map(({ atMs, ...step }) => [
    `  ${formatDuration(atMs)}`,
    step.kind,
    printable(wordsOf(step)),
  ]);
  const more = traceLeftOut === undefined ? '' : `  and ${traceLeftOut} more\n`;
  return `${table(rows)}\n${more}`;
}

function wordsOf(step: StepAbout): string {
  switch (step.kind) {
    case 'run.started':
      return `${step.engine}, ${step.level}`;
    case 'host.called':
      return [
        step.operation,
        ...(step.resource === undefined ? [] : [JSON.stringify(step.resource)]),
        step.code ?? step.decision,
        formatDuration(step.durationMs),
      ].join(' ');
    case 'guest.logged':
      return `${step.level}: ${step.message}`;
    case 'run.ended':
      return step.code ?? 'ok';
  }
}
