import { others } from './in-slices.ts';

/** Lets those who come together go on one a turn of the event loop, in the order in which they came; whoever comes alone goes on at once. */
export function oneATurn(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let isTaken = false;
  const take = (): void => {
    isTaken = true;
    void others().then(() => {
      isTaken = false;
      const next = waiting.shift();
      if (next === undefined) return;
      take();
      next();
    });
  };
  return () => {
    if (isTaken) return new Promise((resolve) => waiting.push(resolve));
    take();
    return Promise.resolve();
  };
}
