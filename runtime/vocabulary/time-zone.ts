/** Times whose offset is remembered. */
const MOST_KEPT = 4096;
/** Offsets change on these boundaries at most. */
const STEP_MS = 900_000;

/** Seconds that local time is ahead of UTC at a time in ms since the epoch. */
export type ZoneOffset = (ms: number) => number;

/** The offsets of a zone by its IANA name, from the platform's ICU; UTC for a name that is none. */
export function zoneOffset(name: string | undefined): ZoneOffset {
  const zone = name === undefined ? '' : name.replace(/^:/, '');
  if (zone === '' || zone === 'UTC') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return () => 0; // no such zone: as C libraries have it, UTC
  }
  const known = new Map<number, number>();
  return (ms) => {
    const start = Math.floor(ms / STEP_MS) * STEP_MS;
    const found = known.get(start);
    if (found !== undefined) return found;
    if (known.size >= MOST_KEPT) known.clear();
    const seconds = offsetAt(format, start);
    known.set(start, seconds);
    return seconds;
  };
}

function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  if (Math.abs(ms) > 8.64e15) return 0;
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year);
  const local = new Date(0);
  local.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
  local.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second));
  return Math.round((local.getTime() - Math.floor(ms / 1000) * 1000) / 1000);
}
