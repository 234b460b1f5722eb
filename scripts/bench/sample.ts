/** Something to do again and again. */
export interface Subject {
  readonly name: string;
  /** One measured turn. Answers its own figure where the clock of `sample` would count too much. */
  once(): Promise<number | undefined> | number | undefined;
  /** @default 3 */
  readonly warmUp?: number;
  close?(): Promise<void> | void;
}

export interface Sampled {
  readonly median: number;
  readonly p95: number;
  readonly samples: number;
}

/**
 * Measures subjects in turns, one sample of each a round, so that a noisy second on the machine hits all of them alike.
 * @returns Figures by subject name; ms unless a subject answers its own.
 */
export async function sample(subjects: readonly Subject[], rounds: number): Promise<Map<string, Sampled>> {
  const figures = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  try {
    for (const subject of subjects) {
      for (let turn = 0; turn < (subject.warmUp ?? 3); turn++) await subject.once();
    }
    for (let round = 0; round < rounds; round++) {
      for (const subject of subjects) {
        const started = performance.now();
        const own = await subject.once();
        figures.get(subject.name)?.push(own ?? performance.now() - started);
      }
    }
  } finally {
    for (const subject of subjects) await subject.close?.();
  }
  return new Map([...figures].map(([name, values]) => [name, summarise(values)]));
}

export function summarise(values: readonly number[]): Sampled {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), samples: sorted.length };
}
