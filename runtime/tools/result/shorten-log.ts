const TIME_OR_LEVEL =
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b/i;

/** Lines that are looked at to tell a log, and characters of each. */
const SAMPLE = { lines: 40, characters: 200 } as const;

/** The first and last lines of a log, with the number of those between; `undefined` for what is not one. */
export function shortenLog(text: string, maxChars: number): string | undefined {
  const lines = text.split('\n');
  const sample = lines.slice(0, SAMPLE.lines).filter((line) => line.trim() !== '');
  const marked = sample.filter((line) => TIME_OR_LEVEL.test(line.slice(0, SAMPLE.characters)));
  if (sample.length < 4 || marked.length < sample.length * 0.6) return undefined;
  const note = (dropped: number): string => `… [${dropped} of ${lines.length} lines left out]`;
  const room = maxChars - note(lines.length).length - 2;
  const head = take(lines, room / 2);
  const tail = take(lines.toReversed(), room / 2).reverse();
  const dropped = lines.length - head.length - tail.length;
  if (dropped <= 0 || head.length === 0 || tail.length === 0) return undefined;
  return [...head, note(dropped), ...tail].join('\n');
}

/** As many whole lines as fit. */
function take(lines: readonly string[], room: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const line of lines) {
    used += line.length + 1;
    if (used > room) break;
    taken.push(line);
  }
  return taken;
}
