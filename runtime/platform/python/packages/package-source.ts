/** A wheel that could be installed. */
export interface Candidate {
  /** Normalised. */
  readonly name: string;
  readonly version: string;
  /** Its file name. */
  readonly file: string;
  /** Lower-case hex. Absent only for files of the operator's own folder that no lock describes. */
  readonly sha256?: string;
  /** What it depends on where a lock says so; else its own metadata tells. */
  readonly depends?: readonly string[];
  /** For people: where it comes from. */
  readonly from: 'folder' | 'lock' | 'index';
  /**
   * The wheel, its SHA-256 checked.
   * @throws {SandglassError} MODULE_INVALID for other bytes than were promised, UNSUPPORTED where it is not to be had, HOST_CALL_FAILED
   *   when the network fails.
   */
  read(): Promise<Uint8Array>;
}

/** Where packages come from. Several are asked in turn. */
export interface PackageSource {
  /** The best one that fits the specifier; `undefined` if there is none. Names are normalised. */
  find(name: string, specifier: string): Promise<Candidate | undefined>;
  /** Modules that programs import → the package that has them; of packages that this source names itself. */
  modules(): Promise<ReadonlyMap<string, string>>;
}
