/** A module of the standard library, compiled. */
export interface LibraryModule {
  /** Dotted. */
  readonly name: string;
  /** As `marshal` writes it; the same for every guest, so shared where memory can be. */
  readonly code: Uint8Array;
}

/** Of the guest's file system: where it looks for them, by name. */
export const LIBRARY_FOLDER = '/lib/python3.14/__pycache__';
