import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PolicyFile } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { MIB } from '../vocabulary/units.ts';

const MOST_BYTES = 4 * MIB;
/** Changes come in bursts: an editor writes, renames, sets times. */
const PAUSE_MS = 50;

/** The policy in a file on this machine. Its folder is watched, so that one that is renamed into its place is seen. */
export function openPolicyFile(given: string | URL): PolicyFile {
  const path = given instanceof URL ? fileURLToPath(given) : given;
  return {
    path,
    read: () => {
      const text = readText(path);
      try {
        return JSON.parse(text);
      } catch (error) {
        throw invalid(path, `it is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`);
      }
    },
    watch: (onChange) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const soon = (): void => {
        clearTimeout(timer);
        timer = setTimeout(onChange, PAUSE_MS);
        timer.unref();
      };
      const watcher: FSWatcher = watch(dirname(resolve(path)), { persistent: false }, soon);
      watcher.on('error', soon); // a folder that is gone: what it held cannot be read, which is told
      return () => {
        clearTimeout(timer);
        watcher.close();
      };
    },
  };
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MOST_BYTES) throw invalid(path, `it is over ${MOST_BYTES} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof SandglassError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'it is not UTF-8 text'; // of the file system, or of the decoder
    throw invalid(path, code === 'ENOENT' ? 'there is no such file' : code);
  }
}

const invalid = (path: string, reason: string): SandglassError =>
  new SandglassError('MANIFEST_INVALID', `Cannot read the policy ${path}: ${reason}`, {
    details: { file: path },
    hint: 'Mend the file; its form is sandglass/policy.schema.json',
  });
