import { shareBytes } from '../../../engines/pyodide/assets.ts';
import type { PackageFile } from '../../../engines/pyodide/packages.ts';
import { instrument } from '../../../wasm/instrument.ts';
import { unzip } from './unzip.ts';

const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;

/** The files of a wheel as they are installed; its side modules metered. */
export const unpackWheel = (
  wheel: Uint8Array,
  file: string,
  maxMemoryPages: number,
): readonly PackageFile[] =>
  unzip(wheel, file, MAX_UNPACKED_BYTES).map(({ path, bytes }) => {
    const native = /\.so(\.|$)/.test(path);
    return {
      path: sitePath(path),
      bytes: shareBytes(native ? instrument(bytes, { maxMemoryPages }) : bytes),
      native,
    };
  });

/** `name.data/purelib/x` and `…/platlib/x` are installed as `x`. */
const sitePath = (path: string): string => path.replace(/^[^/]+\.data\/(?:pure|plat)lib\//, '');

/** `Requires-Dist` lines of a wheel's own metadata, as they stand there. */
export function requirementsOf(files: readonly PackageFile[]): readonly string[] {
  const metadata = files.find(({ path }) => /^[^/]+\.dist-info\/METADATA$/.test(path));
  if (metadata === undefined) return [];
  const [head = ''] = new TextDecoder().decode(metadata.bytes.slice()).split(/\r?\n\r?\n/, 1);
  return head
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .flatMap((line) => /^Requires-Dist:\s*(.+)$/i.exec(line)?.[1] ?? []);
}
