import { UsageError } from './usage-error.ts';

/**
 * An origin of a flag: a bare host means https, `*` stays what it is.
 * @param schemes Those that may stand there.
 * @throws {UsageError} for anything else, and for more than an origin.
 */
export function originOf(flag: string, text: string, schemes: readonly string[]): string {
  if (text === '*') return text;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !schemes.includes(url.protocol.slice(0, -1))) {
    const listed = `${schemes.slice(0, -1).join(', ')} or ${schemes.at(-1)}`;
    throw new UsageError(`Cannot read ${flag}=${text}: expected a host, an ${listed} origin, or *`);
  }
  const { pathname, search, hash, username, password } = url;
  if (pathname !== '/' || search !== '' || hash !== '' || username !== '' || password !== '') {
    throw new UsageError(
      `Cannot read ${flag}=${text}: an origin is a scheme, a host and a port`,
      'Paths and methods go into a grant file: --grant=FILE',
    );
  }
  return url.origin;
}
