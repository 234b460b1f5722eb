import type { ByteCache } from '../../contracts/engine.ts';

/** Packages as a run gets them: files to put in place, and the native parts among them that its realm may compile. */
export interface PackageSet {
  readonly wheels: readonly InstalledWheel[];
}

export interface InstalledWheel {
  /** Normalised. */
  readonly name: string;
  /** Of the wheel, lower-case hex. */
  readonly sha256: string;
  readonly files: readonly PackageFile[];
  /** Asked for by name, not brought by another package or by an import. */
  readonly named: boolean;
}

export interface PackageFile {
  /** Below the interpreter's `site-packages`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** A side module of wasm, metered. */
  readonly native: boolean;
}

/** What a run needs. */
export interface WantedPackages {
  /** Names with versions where they matter, e.g. `numpy`, `attrs>=23`: each must be there. */
  readonly names: readonly string[];
  /** Modules that the program imports: what has them comes along where it is known. */
  readonly imports: readonly string[];
}

export interface PackageContext {
  readonly maxMemoryPages: number;
  readonly cache?: ByteCache;
}

/** Brings packages with all they depend on; host side, before the run. */
export type ResolvePackages = (wanted: WantedPackages, context: PackageContext) => Promise<PackageSet>;

export const filesOf = ({ wheels }: PackageSet): readonly PackageFile[] =>
  wheels.flatMap(({ files }) => files);

/** Compares by content: a guest cannot make the realm compile anything that the host has not metered. */
export function isPreparedModule(bytes: Uint8Array, files: readonly PackageFile[]): boolean {
  return files.some(
    (file) =>
      file.native &&
      file.bytes.length === bytes.length &&
      file.bytes.every((byte, index) => byte === bytes[index]),
  );
}
