import type { Grant } from '../../vocabulary/grant.ts';

/** What a model must know of where it is: the folders, and what is refused. */
export function instructionsOf({ fs = [], http = [], sql = [], kv = [], browser }: Grant): string {
  const folders = fs.map(({ host, guest, access = ['read'] }) => {
    const path = guest ?? `/${host.split(/[/\\]/).filter(Boolean).at(-1) ?? ''}`;
    return `${path} (${access.join(', ')})`;
  });
  const origins = http.map(({ origin }) => origin);
  return [
    'Tools run in a sandbox and reach only what whoever started it has granted.',
    folders.length === 0
      ? 'They reach no files.'
      : `Folders they reach, as paths for tools: ${folders.join('; ')}.`,
    origins.length === 0 ? 'They reach no network.' : `Origins they reach: ${origins.join(', ')}.`,
    ...(browser === undefined ? [] : [`Origins that a browser opens: ${browser.origins.join(', ')}.`]),
    ...named('Databases', sql),
    ...named('Stores of values', kv),
    'A refusal says what would have to be granted: do not retry it, tell the person.',
  ].join(' ');
}

/** Entries by name, with what may be done with each. */
const named = (
  what: string,
  entries: readonly { readonly name: string; readonly access?: readonly string[] }[],
): readonly string[] =>
  entries.length === 0
    ? []
    : [
        `${what}: ${entries.map(({ name, access = ['read'] }) => `${name} (${access.join(', ')})`).join('; ')}.`,
      ];
