import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PinStore, Pins } from '../contracts/server-powers.ts';
import { SandglassError } from '../vocabulary/errors.ts';

const MOST_BYTES = 4 * 1024 * 1024;

/** What servers were confirmed to tell, in one file; a change takes the place of the file as a whole. */
export function openPinFile(given: string | URL): PinStore {
  const path = given instanceof URL ? fileURLToPath(given) : given;
  return {
    async read() {
      const found = await stat(path).catch(() => undefined); // no file: nothing was confirmed
      if (found === undefined) return {};
      if (found.size > MOST_BYTES) throw noPins(path, `over ${MOST_BYTES} bytes`);
      let value: unknown;
      try {
        value = JSON.parse(await readFile(path, 'utf8'));
      } catch {
        throw noPins(path, 'it is not JSON, or cannot be read');
      }
      const { version, servers } = (value ?? {}) as {
        readonly version?: unknown;
        readonly servers?: unknown;
      };
      if (version !== 1 || !isPins(servers)) throw noPins(path, 'it is not a file of confirmed servers');
      return servers;
    },
    async write(servers) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const fresh = `${path}.${crypto.randomUUID()}`;
      await writeFile(fresh, `${JSON.stringify({ version: 1, servers }, undefined, 2)}\n`, { mode: 0o600 });
      await rename(fresh, path);
    },
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPins = (value: unknown): value is Pins =>
  isObject(value) &&
  Object.values(value).every(
    (pins) =>
      isObject(pins) &&
      typeof pins.source === 'string' &&
      isObject(pins.tools) &&
      Object.values(pins.tools).every((hash) => typeof hash === 'string'),
  );

const noPins = (path: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot read the confirmed servers of "${path}": ${reason}`, {
    details: { file: path },
    hint: 'Name another file, or remove this one and confirm the servers again',
  });
