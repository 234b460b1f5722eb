import type { Stage } from './stage.ts';

export interface Section {
  /** Its number is its place in the list of `sections.ts`. */
  readonly title: string;
  /** Builds on what the first section writes. */
  readonly needsResult: boolean;
  play(stage: Stage): Promise<void>;
}
