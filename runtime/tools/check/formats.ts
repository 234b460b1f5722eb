import { INPUT_KINDS } from './input-kinds.ts';

/** Longer ones fit no format, and are not looked at. */
const MOST_CHARACTERS = 8_192;

const isTime = (text: string): boolean => {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[zZ]|[+-](\d\d):(\d\d))$/.exec(text);
  if (match === null) return false;
  const [hours, minutes, seconds, offsetHours = 0, offsetMinutes = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return (
    (hours ?? 24) < 24 &&
    (minutes ?? 60) < 60 &&
    (seconds ?? 61) <= 60 &&
    offsetHours < 24 &&
    offsetMinutes < 60
  );
};

const isDate = (text: string): boolean => {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  // The last day of a month is the day before the first of the next.
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
};

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
};

const isUrl = (text: string): boolean => /^[a-zA-Z][a-zA-Z\d+.-]*:[^\s]*$/.test(text) && URL.canParse(text);

const isHostname = (text: string): boolean =>
  text.length <= 253 &&
  text
    .split('.')
    .every((label) => label.length <= 63 && /^[a-zA-Z\d](?:[a-zA-Z\d-]*[a-zA-Z\d])?$/.test(label));

const isEmail = (text: string): boolean => {
  const at = text.lastIndexOf('@');
  const name = text.slice(0, at);
  return at > 0 && at <= 64 && /^[^\s@"(),:;<>[\\\]]+$/.test(name) && isHostname(text.slice(at + 1));
};

const isDateTime = (text: string): boolean => {
  const at = text.search(/[tT ]/);
  return at > 0 && isDate(text.slice(0, at)) && isTime(text.slice(at + 1));
};

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  'date-time': isDateTime,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: (text) =>
    /^[\da-fA-F:.]{2,45}$/.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`),
  uri: isUrl,
  url: isUrl,
  'uri-reference': (text) => !/\s/.test(text) && URL.canParse(text, 'http://example.com/'),
  uuid: (text) => /^[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}$/.test(text),
  'json-pointer': (text) => text === '' || (text.startsWith('/') && !/~(?![01])/.test(text)),
  regex: (text) => text.length <= 1_000,
};

/** The formats of strings that are checked; all take time linear in the text. */
export const CHECKED_FORMATS: Readonly<Record<string, (text: string) => boolean>> = Object.fromEntries([
  ...Object.entries(FORMATS).map(([name, fits]) => [
    name,
    (text: string) => text.length <= MOST_CHARACTERS && fits(text),
  ]),
  ...Object.entries(INPUT_KINDS).map(([name, { fault }]) => [
    name,
    (text: string) => fault(text) === undefined,
  ]),
]);
