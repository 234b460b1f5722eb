const MOST = 200;
const MOST_LENGTH = 4_096;

/** What a request takes along, and what its answer sets. */
export interface Cookies {
  of(url: URL): string;
  take(url: URL, lines: readonly string[]): void;
}

/** Cookies of one session by host: a host gets back what it set, and no other does. */
export class CookieJar implements Cookies {
  readonly #byHost = new Map<string, Map<string, { readonly value: string; readonly secure: boolean }>>();

  of(url: URL): string {
    return [...(this.#byHost.get(url.hostname) ?? [])]
      .filter(([, { secure }]) => !secure || url.protocol === 'https:')
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  take({ hostname }: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      if (at < 1 || pair.length > MOST_LENGTH) continue;
      const kept = this.#byHost.get(hostname) ?? new Map();
      const name = pair.slice(0, at).trim();
      if (attributes.some(isOver)) kept.delete(name);
      else if (kept.size < MOST)
        kept.set(name, {
          value: pair.slice(at + 1).trim(),
          secure: attributes.some((one) => one.trim().toLowerCase() === 'secure'),
        });
      this.#byHost.set(hostname, kept);
    }
  }
}

function isOver(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=').map((part) => part.trim());
  if (name.toLowerCase() === 'max-age') return Number(value) <= 0;
  return name.toLowerCase() === 'expires' && Date.parse(value) <= 0;
}
