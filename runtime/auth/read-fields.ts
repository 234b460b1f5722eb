import { shownText } from '../vocabulary/nearest.ts';

/** @throws {TypeError} */
export function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`Cannot read ${where}: expected an object`);
  return value as Record<string, unknown>; // its fields are looked at one by one
}

/** @throws {TypeError} */
export function textOf(value: unknown, where: string, most = 2_048): string {
  if (typeof value === 'string' && value !== '' && value.length <= most) return value;
  throw new TypeError(`Cannot read ${where}: expected a text of 1 to ${most} characters`);
}

/** One text stands for a list of it. @throws {TypeError} */
export function textsOf(value: unknown, where: string): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 1_000) throw new TypeError(`Cannot read ${where}: over 1000 texts`);
  return list.map((item) => textOf(item, where));
}

/** https, or http of this machine. @throws {TypeError} */
export function urlOf(value: unknown, where: string): string {
  const text = textOf(value, where);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOwn = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url === undefined || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError(`Cannot read ${where}: ${shownText(text)} is not a URL without name, password and #`);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isOwn)) return text;
  throw new TypeError(`Cannot read ${where}: ${shownText(text)} is not https, or http of this machine`);
}
