/** Room for a date's text, its end included, where the engine reads it. */
export const DATE_TEXT_BYTES = 128;

/** What the engine takes for no date. */
const NO_DATE = 'x';

/**
 * A date's text as the engine has to read it, so that it finds what V8 finds; `undefined` as it stands. By itself the engine takes a zone
 * behind a date without a time for the year, and no comma before a time.
 */
export function dateText(text: string): string | undefined {
  if (/^\d{4}-\d\d-\d\d(?:[T ]|$)/.test(text) && !/[+-]\d{1,4}$|[A-Z]{2}/.test(text.slice(10)))
    return undefined;
  if (!/^[\x20-\x7e]*$/.test(text)) return undefined;
  if (/^\d{4}-\d\d-\d\dt/.test(text)) return text.toUpperCase();
  const comment = text.indexOf('(');
  const head = comment < 0 ? text : text.slice(0, comment);
  const comments = text.slice(head.length);
  const tail = comments.includes(')') ? comments : ''; // one without an end goes on to the end
  // The engine has an x for each letter beyond Latin-1, as the narrow space before PM is.
  const told = withZone(head.replace(/, (?=\d{1,2}:)/, ' ').replace(/(\d)x(?=[AP]M)/i, '$1 '));
  const whole = told === NO_DATE ? told : told + tail;
  return whole === text || whole.length >= DATE_TEXT_BYTES ? undefined : whole;
}

function withZone(text: string): string {
  const time = /\d:/.exec(text)?.index ?? text.length;
  const zone = /\b(?:GMT|UTC?) ?([+-])(\d{1,4})(?::(\d\d))?(?!\d)/i.exec(text);
  if (zone === null) {
    // Behind a number, what has a sign is a zone, which only a time may have.
    const sign = /\d [+-]\d/.exec(text)?.index ?? text.length;
    return sign < time && !/\b(?:GMT|UTC?|Z)\b/i.test(text.slice(0, sign)) ? NO_DATE : text;
  }
  const [all, sign, digits = '', more] = zone;
  const hours = digits.length > 2 && more === undefined ? digits.slice(0, -2) : digits;
  const minutes = more ?? (digits.length > 2 ? digits.slice(-2) : '00');
  const isBefore = time < zone.index;
  const comesLater = !isBefore && /\d:/.test(text.slice(zone.index + all.length));
  if (hours.length > 2 || comesLater) return text;
  const before = text.slice(0, zone.index);
  const rest = text.slice(zone.index + all.length);
  return `${before}${isBefore ? '' : '00:00 '}GMT${sign}${hours.padStart(2, '0')}${minutes}${rest}`;
}
