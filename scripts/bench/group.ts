/** One line of the printed table. */
export interface Row {
  readonly what: string;
  /** The middle one of the samples. */
  readonly median: number;
  readonly p95: number;
  readonly samples: number;
  readonly unit: 'ms' | 'µs' | 'KiB' | 'MiB' | '×' | 'units' | 'units/µs';
  /** What is wanted of it, and whether this run showed it. */
  readonly wanted?: {
    readonly text: string;
    readonly holds: boolean;
    /** It is promised: where it does not hold, the bench ends with 1. @default false */
    readonly owed?: boolean;
  };
  /** Beside which figure it stands, e.g. `1.2× raw`. */
  readonly beside?: string;
}

/** A part of the bench: one file under `scripts/bench/`, listed in `scripts/bench.ts`. */
export interface Group {
  readonly title: string;
  /** Measures; `notes` are printed under the table (what was left out, and how to get it). */
  measure(options: MeasureOptions): Promise<{
    readonly rows: readonly Row[];
    /** A table of its own instead of rows, its head first. */
    readonly lines?: readonly (readonly string[])[];
    readonly notes?: readonly string[];
  }>;
}

export interface MeasureOptions {
  /** 1 for full figures; smaller for a quick look. Multiplies every number of samples. */
  readonly scale: number;
  /** How long one figure of throughput is measured. @default the group's own */
  readonly seconds?: number;
}
