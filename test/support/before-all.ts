import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRealm } from '../../scripts/build-realm.ts';

/**
 * Before any test: what runs in the realms of components is made of the present sources. Processes that tests start find there what the first of
 * them has compiled: hundreds of them load the same sources.
 */
export function setup(): () => void {
  buildRealm();
  const compiled = mkdtempSync(join(tmpdir(), 'sandglass-compiled-'));
  process.env.NODE_COMPILE_CACHE = compiled;
  return () => rmSync(compiled, { recursive: true, force: true, maxRetries: 5 });
}
