/** `runtime.artifacts`: whole results of which a model was given a part, and files that tools answered. */
export interface Artifacts {
  /**
   * A page of one; `undefined` for an id that none has, or that was dropped.
   * @throws {RangeError} on an offset or length out of range.
   */
  read(id: string, page?: ArtifactPage): ArtifactPart | undefined;
}

export interface ArtifactPage {
  /** Characters from the start, 0.. @default 0 */
  readonly offset?: number;
  /** Characters, 1..1_000_000. @default 20_000 */
  readonly length?: number;
}

export interface ArtifactPart {
  readonly text: string;
  readonly offset: number;
  /** Characters of the whole. */
  readonly total: number;
  readonly mime: string;
  /** The text is a piece of a file's bytes in base64; offsets and lengths count its characters. Absent for texts. */
  readonly encoding?: 'base64';
}
