import { readdirSync, readFileSync } from 'node:fs';
import type { ToolFile } from '../contracts/platform.ts';

/** The tools that ship, read when they are first needed. They are guests like all others. */
export function readShippedTools(): readonly ToolFile[] {
  const folder = new URL('../../guest-tools/shipped/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => ({
      path: `shipped/${name}`,
      at: `shipped/${name}`,
      bytes: new Uint8Array(readFileSync(new URL(name, folder))),
      manifest: undefined,
    }));
}
