import type { WitFunction, WitType } from '../types/wit-type.ts';
import { CoreReader, type CoreValue, CoreWriter } from './core-values.ts';
import { type CoreType, layoutOf, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from './layout.ts';
import { lift, load } from './lift-value.ts';
import { lower, store } from './lower-value.ts';
import { allocate, type Pass, placeIn } from './pass.ts';

/** How values of a function's type are passed: as numbers, or behind a pointer when there are too many. */
interface Passed {
  readonly flat: readonly CoreType[];
  readonly indirect: boolean;
  /** Their place in memory. */
  readonly tuple: WitType & { readonly kind: 'tuple' };
}

interface Shape {
  readonly params: Passed;
  readonly result: Passed;
}

const shapes = new WeakMap<WitFunction, Shape>();

function shapeOf(type: WitFunction): Shape {
  const known = shapes.get(type);
  if (known !== undefined) return known;
  const made = {
    params: passed(
      type.params.map((param) => param.type),
      MAX_FLAT_PARAMS,
    ),
    result: passed(type.result === undefined ? [] : [type.result], MAX_FLAT_RESULTS),
  };
  shapes.set(type, made);
  return made;
}

function passed(items: readonly WitType[], most: number): Passed {
  const tuple = { kind: 'tuple', items } as const;
  const { flat } = layoutOf(tuple);
  return { flat, indirect: flat.length > most, tuple };
}

/** What core code gives a function of the host. */
export function takeParams(pass: Pass, type: WitFunction, given: readonly CoreValue[]): readonly unknown[] {
  const { flat, indirect, tuple } = shapeOf(type).params;
  if (indirect) return load(pass, tuple, placeOf(pass, tuple, given[0])) as readonly unknown[]; // of a tuple
  const from = new CoreReader(given, flat);
  return tuple.items.map((item) => lift(pass, item, from));
}

/** What a function of the host answers to core code: a number, or what is written where `given` says. */
export function giveResult(
  pass: Pass,
  type: WitFunction,
  value: unknown,
  given: readonly CoreValue[],
): CoreValue | undefined {
  if (type.result === undefined) return undefined;
  const { flat, indirect, tuple } = shapeOf(type).result;
  if (indirect) {
    store(pass, type.result, value, placeOf(pass, tuple, given.at(-1)));
    return undefined;
  }
  const into = new CoreWriter(flat);
  lower(pass, type.result, value, into);
  return into.values[0];
}

/** What a function of a guest is given. */
export function giveParams(pass: Pass, type: WitFunction, args: readonly unknown[]): readonly CoreValue[] {
  const { flat, indirect, tuple } = shapeOf(type).params;
  if (indirect) {
    const { size, align } = layoutOf(tuple);
    const at = allocate(pass, size, align);
    store(pass, tuple, args, at);
    return [at];
  }
  const into = new CoreWriter(flat);
  for (const [index, item] of tuple.items.entries()) lower(pass, item, args[index], into);
  return into.values;
}

/** What a function of a guest answers. */
export function takeResult(pass: Pass, type: WitFunction, answer: CoreValue | undefined): unknown {
  if (type.result === undefined) return undefined;
  const { flat, indirect, tuple } = shapeOf(type).result;
  if (indirect) return load(pass, type.result, placeOf(pass, tuple, answer));
  return lift(pass, type.result, new CoreReader(answer === undefined ? [] : [answer], flat));
}

function placeOf(pass: Pass, type: WitType, pointer: CoreValue | undefined): number {
  const { size, align } = layoutOf(type);
  return placeIn(pass.view(), Number(pointer ?? 0), size, align);
}
