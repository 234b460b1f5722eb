import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ToolFile } from '../contracts/platform.ts';

const FOLDER = new URL('../../guest-tools/shipped/', import.meta.url);
const LIBRARIES = new URL('../../guest-tools/libraries/dist/', import.meta.url);
/** Built by scripts/build-libraries.ts. */
const NAMES = ['charts', 'jsonata', 'pdf', 're2js'];

/** The tools that ship, read when they are first needed. They are guests like all others. */
export function readShippedTools(): readonly ToolFile[] {
  return readdirSync(FOLDER)
    .filter((name) => /\.(?:js|py)$/.test(name))
    .sort()
    .map((name) => {
      const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
      return {
        path: `shipped/${name}`,
        at: `shipped/${name}`,
        bytes,
        manifest: undefined,
        modules: librariesOf(new TextDecoder().decode(bytes)),
      };
    });
}

/** What a tool of ours imports of them, by name. */
function librariesOf(source: string): Readonly<Record<string, string>> {
  const files = NAMES.filter((name) => source.includes(`'${name}'`)).map(
    (name) => [name, new URL(`${name}.js.gz`, LIBRARIES)] as const,
  );
  // One that was not built fails the tool that imports it, and no other.
  return Object.fromEntries(
    files.flatMap(([name, file]) =>
      existsSync(file) ? [[name, gunzipSync(readFileSync(file)).toString('utf8')]] : [],
    ),
  );
}
