import { Intl as IntlWithTemporal, Temporal, toTemporalInstant } from 'temporal-polyfill/implementation';

/** Options that say what of a time is told. */
const FIELDS =
  /^(?:weekday|era|year|month|day|dayPeriod|hour|minute|second|fractionalSecondDigits|timeZoneName|dateStyle|timeStyle|hour12|hourCycle)$/;
const plain = Temporal.ZonedDateTime.prototype.toLocaleString;

const own = {
  /**
   * Told whole, a time has the digits of its hour that the locale gives a time without a zone; the platform's formatter leaves a zero out as soon
   * as a zone is named.
   */
  toLocaleString(
    this: Temporal.ZonedDateTime,
    locales?: Intl.LocalesArgument,
    options?: Intl.DateTimeFormatOptions,
  ): string {
    const text = plain.call(this, locales, options);
    if (Object.keys(options ?? {}).some((key) => FIELDS.test(key))) return text;
    const hour = hourOf(this, locales, { hour: 'numeric', minute: 'numeric', second: 'numeric' });
    const told = hourOf(this, locales, { ...WHOLE, timeZoneName: 'short' });
    const at = hour === undefined || told === undefined ? -1 : text.indexOf(`${told}:`);
    return at < 0 ? text : text.slice(0, at) + hour + text.slice(at + (told?.length ?? 0));
  },
};
Temporal.ZonedDateTime.prototype.toLocaleString = own.toLocaleString;

const WHOLE = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;

const hourOf = (
  { epochMilliseconds, timeZoneId }: Temporal.ZonedDateTime,
  locales: Intl.LocalesArgument,
  options: Intl.DateTimeFormatOptions,
): string | undefined =>
  new Intl.DateTimeFormat(locales, { ...options, timeZone: timeZoneId })
    .formatToParts(epochMilliseconds)
    .find(({ type }) => type === 'hour')?.value;

export { Temporal, toTemporalInstant };
export const { DateTimeFormat } = IntlWithTemporal;
