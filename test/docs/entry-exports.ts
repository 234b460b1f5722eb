import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './documents.ts';

/** Names that an entry exports, types as well. Entries name all of theirs: they have no star. */
export function entryExports(entry: string): ReadonlySet<string> {
  const source = readFileSync(join(ROOT, entry), 'utf8');
  const declared = [...source.matchAll(/^export (?:async )?(?:function|interface|const|class|type) (\w+)/gm)];
  const listed = [...source.matchAll(/^export (?:type )?\{([\s\S]*?)\}/gm)].flatMap(([, names]) =>
    (names ?? '')
      .split(',')
      .map((name) => /(\w+)\s*$/.exec(name.trim())?.[1])
      .filter((name) => name !== undefined),
  );
  return new Set([...declared.map(([, name]) => name ?? ''), ...listed]);
}
