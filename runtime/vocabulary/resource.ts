/** What a host call is about, as its host function states it: no secrets, no query of a URL, no path of the host. */
export interface Resource {
  /** Absolute guest path of a file; path of a URL, beside its origin. */
  readonly path?: string;
  /** Absolute guest path that a file goes to, where it is renamed or linked. */
  readonly to?: string;
  /** Scheme, host and port. */
  readonly origin?: string;
  readonly method?: string;
  /** Of a database, without its parameters. */
  readonly statement?: string;
  /** Whatever else has a name: a database, a tool, a key. */
  readonly name?: string;
}

const FIELDS: Readonly<Record<keyof Resource, true>> = {
  path: true,
  to: true,
  origin: true,
  method: true,
  statement: true,
  name: true,
};
/** Characters of one text: as many as the longest guest path has. */
const MOST_CHARACTERS = 4_096;

/** What a host function states, in bounds: its texts, cut to 4,096 characters each, and nothing else. Arguments of guests end in them. */
export function boundedResource(stated: unknown): Resource | undefined {
  if (typeof stated !== 'object' || stated === null) return undefined;
  const texts = Object.keys(FIELDS).flatMap((field) => {
    const text: unknown = (stated as Readonly<Record<string, unknown>>)[field]; // an object
    if (typeof text !== 'string') return [];
    return [[field, text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text]];
  });
  return Object.fromEntries(texts) as Resource; // texts of its own fields
}
