import { setOwn } from './json.ts';

/** The fields that are not `undefined`: what optional properties are made of. */
export function defined<T extends object>(fields: T): Defined<T> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = (fields as Readonly<Record<string, unknown>>)[name]; // one of its own
    if (value !== undefined) setOwn(kept, name, value);
  }
  return kept as Defined<T>; // what was left out is what may be absent
}

export type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };
