import type { Reader } from './reader.ts';

/**
 * The tools that made a binary, by the fields of the tool conventions' `producers` section: `language`, `processed-by`, `sdk`. It is
 * hearsay: anyone can write anything there, so what cannot be read is left out.
 */
export function readProducers(reader: Reader): Record<string, readonly string[]> {
  const producers: Record<string, readonly string[]> = Object.create(null);
  try {
    for (let fields = reader.count(); fields > 0; fields -= 1) {
      const field = reader.name();
      producers[field] = Array.from({ length: reader.count() }, () =>
        `${reader.name()} ${reader.name()}`.trim(),
      );
    }
  } catch {
    // What came before the broken part is still worth telling.
  }
  return producers;
}
