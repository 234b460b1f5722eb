import { expect, test } from 'vitest';
import { createMountTree, type Mount } from '../../../host-functions/fs/mount-tree.ts';

/** Only where it is mounted is asked here. */
const mount = (...point: readonly string[]): Mount => ({ point }) as unknown as Mount;

test('a path is covered by the deepest mount above it, however deep it goes on', () => {
  const [root, inner] = [mount('data'), mount('data', 'in', 'ner')];
  const tree = createMountTree([root, inner]);
  const deep = Array.from({ length: 2_000 }, () => 'a');
  expect(tree.covering(['data', ...deep])).toBe(root);
  expect(tree.covering(['data', 'in', 'ner', ...deep])).toBe(inner);
  expect(tree.covering(['data', 'in', 'ner'])).toBe(inner);
  expect(tree.covering(['data', 'in'])).toBe(root);
  expect(tree.covering(['other', ...deep])).toBeUndefined();
  expect(createMountTree([mount()]).covering(deep)).toEqual({ point: [] });
});

test('no name is looked up below the deepest mount: a path of thousands would take the square of its length', () => {
  let joined = 0;
  const path = new Proxy(
    Array.from({ length: 2_000 }, () => 'a'),
    {
      get: (target, key) => {
        if (key !== 'slice') return Reflect.get(target, key);
        return (from: number, to: number) => {
          joined += to - from;
          return target.slice(from, to);
        };
      },
    },
  );
  createMountTree([mount('data'), mount('data', 'b')]).covering(path);
  expect(joined).toBeLessThan(10);
});
