import { expect, test } from 'vitest';
import { Slots } from '../../../runtime/vocabulary/slots.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes places for those named, and tells who got one, in their order. */
function crowd(slots: Slots): {
  readonly got: string[];
  readonly leave: (who: string) => void;
  readonly come: (who: string, signal?: AbortSignal) => void;
} {
  const got: string[] = [];
  const places: (readonly [string, Disposable])[] = [];
  return {
    got,
    come: (who, signal = new AbortController().signal) => {
      slots.take(signal, who === '' ? undefined : who).then(
        (place) => {
          got.push(who);
          places.push([who, place]);
        },
        () => undefined,
      );
    },
    leave: (who) => {
      const at = places.findIndex(([one]) => one === who);
      places.splice(at, 1)[0]?.[1][Symbol.dispose]();
    },
  };
}

test('those without a name take all places, in the order they came', async () => {
  const { got, come, leave } = crowd(new Slots(2));
  for (let n = 0; n < 3; n += 1) come('');
  await settled();
  expect(got).toEqual(['', '']);
  leave('');
  await settled();
  expect(got.length).toBe(3);
});

test('one that is named takes half of the places; whoever holds least is next', async () => {
  const { got, come, leave } = crowd(new Slots(4));
  for (const who of ['a', 'a', 'a', 'b', 'b', 'b', 'c']) come(who);
  await settled();
  expect(got).toEqual(['a', 'a', 'b', 'b']);
  leave('a');
  await settled();
  expect(got.at(-1)).toBe('c');
  leave('c');
  await settled();
  expect(got.at(-1)).toBe('a');
});

test('who gives up waits no more, and takes no place', async () => {
  const { got, come, leave } = crowd(new Slots(1));
  come('a');
  const controller = new AbortController();
  come('b', controller.signal);
  come('c');
  controller.abort();
  await settled();
  leave('a');
  await settled();
  expect(got).toEqual(['a', 'c']);
});
