/** What a zone calls its standard time and its summer time. */
export type ZoneNames = readonly [standard: string, summer: string];

/** Abbreviations that the time zone database has, by the English names that ICU has: it knows few of the abbreviations itself. */
const SHORT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Alaska Daylight Time': 'AKDT',
    'Alaska Standard Time': 'AKST',
    'Atlantic Daylight Time': 'ADT',
    'Atlantic Standard Time': 'AST',
    'Australian Central Daylight Time': 'ACDT',
    'Australian Central Standard Time': 'ACST',
    'Australian Eastern Daylight Time': 'AEDT',
    'Australian Eastern Standard Time': 'AEST',
    'Australian Western Standard Time': 'AWST',
    'British Summer Time': 'BST',
    'Central Africa Time': 'CAT',
    'Central Daylight Time': 'CDT',
    'Central European Standard Time': 'CET',
    'Central European Summer Time': 'CEST',
    'Central Indonesia Time': 'WITA',
    'Central Standard Time': 'CST',
    'Chamorro Standard Time': 'ChST',
    'China Standard Time': 'CST',
    'Coordinated Universal Time': 'UTC',
    'Cuba Daylight Time': 'CDT',
    'Cuba Standard Time': 'CST',
    'East Africa Time': 'EAT',
    'Eastern Daylight Time': 'EDT',
    'Eastern European Standard Time': 'EET',
    'Eastern European Summer Time': 'EEST',
    'Eastern Indonesia Time': 'WIT',
    'Eastern Standard Time': 'EST',
    'Greenwich Mean Time': 'GMT',
    'Hawaii-Aleutian Daylight Time': 'HDT',
    'Hawaii-Aleutian Standard Time': 'HST',
    'Hong Kong Standard Time': 'HKT',
    'India Standard Time': 'IST',
    'Irish Standard Time': 'IST',
    'Israel Daylight Time': 'IDT',
    'Israel Standard Time': 'IST',
    'Japan Standard Time': 'JST',
    'Korean Standard Time': 'KST',
    'Mexican Pacific Standard Time': 'MST',
    'Moscow Standard Time': 'MSK',
    'Mountain Daylight Time': 'MDT',
    'Mountain Standard Time': 'MST',
    'New Zealand Daylight Time': 'NZDT',
    'New Zealand Standard Time': 'NZST',
    'Newfoundland Daylight Time': 'NDT',
    'Newfoundland Standard Time': 'NST',
    'Pacific Daylight Time': 'PDT',
    'Pacific Standard Time': 'PST',
    'Pakistan Standard Time': 'PKT',
    'Philippine Standard Time': 'PST',
    'Samoa Standard Time': 'SST',
    'South Africa Standard Time': 'SAST',
    'Taipei Standard Time': 'CST',
    'Taiwan Standard Time': 'CST',
    'West Africa Standard Time': 'WAT',
    'West Africa Time': 'WAT',
    'Western European Standard Time': 'WET',
    'Western European Summer Time': 'WEST',
    'Western Indonesia Time': 'WIB',
    'Yukon Time': 'MST',
  }),
);

/** Zones that go by their offset, though ICU calls them as others. */
const BY_OFFSET: ReadonlySet<string> = new Set([
  'antarctica/casey',
  'antarctica/troll',
  'asia/colombo',
  'europe/minsk',
  'pacific/apia',
]);
/** Zones that go by the names of another, though ICU has none for them. */
const AS_OTHERS: ReadonlyMap<string, string> = new Map([
  ['europe/guernsey', 'Europe/London'],
  ['europe/isle_of_man', 'Europe/London'],
  ['europe/jersey', 'Europe/London'],
]);
/** The same in Samoa, which ICU tells from Apia by nothing but the offset. */
const SAMOA: ReadonlySet<string> = new Set([
  'pacific/midway',
  'pacific/pago_pago',
  'pacific/samoa',
  'us/samoa',
]);

const UTC: ZoneNames = ['UTC', 'UTC'];

/**
 * As C libraries call local time in January and July of a year: by abbreviation, or by the offset where a zone has none ("+03"). Both are the
 * same where the clock does not change; UTC for a name that is none.
 */
export function zoneNames(name: string | undefined, year: number): ZoneNames {
  const given = name?.replace(/^:/, '') ?? '';
  const zone = AS_OTHERS.get(given.toLowerCase()) ?? given;
  if (zone === '' || zone === 'UTC') return UTC;
  if (SAMOA.has(zone.toLowerCase())) return ['SST', 'SST'];
  try {
    const at = (month: number): { readonly minutes: number; readonly name: string } => {
      const date = Date.UTC(year, month);
      const minutes = minutesOf(partOf(zone, 'longOffset', date));
      return { minutes, name: nameOf(zone, date) ?? asOffset(minutes) };
    };
    const [january, july] = [at(0), at(6)];
    if (january.minutes === july.minutes) return [january.name, january.name];
    return january.minutes < july.minutes ? [january.name, july.name] : [july.name, january.name];
  } catch {
    return UTC; // no such zone: as C libraries have it
  }
}

const nameOf = (zone: string, date: number): string | undefined =>
  BY_OFFSET.has(zone.toLowerCase()) ? undefined : SHORT.get(partOf(zone, 'long', date));

function partOf(timeZone: string, timeZoneName: 'long' | 'longOffset', date: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName }).formatToParts(date);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** Of "GMT-03:30"; "GMT" alone is 0. */
function minutesOf(offset: string): number {
  const [, sign = '+', hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(offset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function asOffset(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const ahead = Math.abs(minutes);
  const rest = ahead % 60 === 0 ? '' : two(ahead % 60);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}${rest}`;
}
