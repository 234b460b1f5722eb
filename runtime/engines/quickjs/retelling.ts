import { errorAt, type Frame, needsPlace } from './error-at.ts';
import { inKnownWords } from './error-words.ts';
import { guestError } from './guest-error.ts';
import type { MachineHost } from './machine-host.ts';

/** Characters of a line that are looked at on either side of a place, and lines after it. */
const MOST_SHOWN = 160;
const LINES_AFTER = 3;
/** Lines of the sources that errors have come from, cut once each. */
const MOST_SOURCES = 64;

/**
 * Tells the engine's own errors in V8's words while they are made, for whoever catches them inside the guest. Each error is charged for.
 * @param charge bills bytes read on the guest's behalf.
 */
export function createRetelling(
  sourceOf: (file: string) => string | undefined,
  shifts: ReadonlyMap<string, number>,
  charge: (bytes: number) => void,
): Required<Pick<MachineHost, 'errorText' | 'locates' | 'located'>> {
  /** What the last error was made with, while its place can still say more. */
  let waits: { readonly engine: string; readonly told: string } | undefined;
  const lines = new Map<string, readonly string[]>();
  const placeOf = (file: string, line: number, column: number): Frame['place'] => {
    let known = lines.get(file);
    if (known === undefined) {
      const source = sourceOf(file);
      if (source === undefined || lines.size >= MOST_SOURCES) return undefined;
      charge(source.length);
      known = source.split('\n');
      lines.set(file, known);
    }
    const text = known[line - 1];
    if (text === undefined) return undefined;
    const at = column - 1;
    const following = known.slice(line, line + LINES_AFTER).map((one) => one.slice(0, MOST_SHOWN));
    return {
      before: text.slice(Math.max(0, at - MOST_SHOWN), at),
      after: [text.slice(at, at + MOST_SHOWN), ...following].join('\n'),
    };
  };
  return {
    errorText: (text) => {
      charge(text.length);
      const told = inKnownWords(text);
      waits = needsPlace(text) ? { engine: text, told: told ?? text } : undefined;
      return told;
    },
    locates: () => waits !== undefined,
    located: (text) => {
      if (waits === undefined) return undefined;
      const { engine, told } = waits;
      waits = undefined;
      const name = /^\s{0,8}at ([\w$.<>]{1,80}) \(/.exec(text)?.[1] ?? '';
      const { file, line, column } = guestError({ name: '', message: '', stack: text }, shifts);
      if (file === undefined && !text.endsWith('(native)')) return undefined;
      const place = file === undefined ? undefined : placeOf(file, line ?? 0, column ?? 1);
      if (file !== undefined && place === undefined) return undefined;
      const to = errorAt(engine, { name, place });
      return to === undefined ? undefined : { from: told, to };
    },
  };
}
