import type { GuestValue } from '../codec.ts';
import { toJsonForm } from '../codec.ts';
import type { RunError } from '../errors.ts';
import type { Usage } from '../usage.ts';
import { formatCount, formatDuration, formatSize } from './quantities.ts';
import { printable, type Style } from './style.ts';

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

/** A value on its own: text as it is, anything else as one line of JSON. */
export function valueLine(value: GuestValue): string {
  const form = toJsonForm(value);
  return typeof form === 'string' ? form : JSON.stringify(form);
}

/** Code, message, the guest's own stack or place, and what helps. */
export function errorLines({ code, message, details, hint }: RunError, style: Style): string {
  const { stack, file, line, column } = details ?? {};
  const place =
    typeof file === 'string' && typeof line === 'number' ? placeOf(file, line, column) : undefined;
  const lines = [
    `${style.red(style.bold(code))} ${printable(message)}`,
    ...(typeof stack === 'string' && stack.trim() !== ''
      ? frames(stack, message)
      : place === undefined
        ? []
        : [`    at ${printable(place)}`]),
    ...(hint === undefined ? [] : [style.dim(`hint: ${printable(hint)}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

const placeOf = (file: string, line: number, column: unknown): string =>
  `${file}:${line}${typeof column === 'number' ? `:${column}` : ''}`;

/** Frames only: some engines repeat the message on top of a stack. */
const frames = (stack: string, message: string): string[] =>
  printable(stack)
    .split('\n')
    .map((frame) => frame.trim())
    .filter((frame) => frame !== '' && !message.endsWith(frame) && frame !== message)
    .map((frame) => `    ${frame}`);
