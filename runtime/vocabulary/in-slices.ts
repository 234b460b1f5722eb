/** Work over a large value, in slices of `SLICE` parts: it yields after each. */
export type Slices<T> = Generator<undefined, T, void>;

/** Parts of a value in one slice: some milliseconds. */
export const SLICE = 20_000;

/** In one go, for whoever cannot wait. */
export function atOnce<T>(slices: Slices<T>): T {
  let step = slices.next();
  while (step.done !== true) step = slices.next();
  return step.value;
}

/** With a turn for others between two slices; the first begins at once. */
export async function inSlices<T>(slices: Slices<T>): Promise<T> {
  let step = slices.next();
  while (step.done !== true) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    step = slices.next();
  }
  return step.value;
}
