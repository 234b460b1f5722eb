import type { Subject } from '../../scripts/bench/sample.ts';

/** Something that Sandglass is measured beside. One adapter file each. */
export interface Peer {
  readonly name: string;
  /** `undefined` where its package is not installed. */
  open(): Promise<Subject | undefined>;
}

/** Imports a package that may not be there; the name is not a literal, so that types do not need it either. */
export async function importIfPresent(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
