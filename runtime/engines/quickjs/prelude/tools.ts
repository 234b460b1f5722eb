import { type Answer, type Calls, exposed } from './calls.ts';
import {
  define,
  defineProperty,
  freeze,
  hasOwn,
  isArray,
  MapType,
  mapGet,
  mapSet,
  PromiseType,
  TypeErrorType,
  toText,
} from './primordials.ts';

type Tool = (args?: unknown) => Promise<unknown>;

const noArguments = (name: unknown): Error =>
  new TypeErrorType(
    `Cannot call ${toText(name)}: a tool takes one object of arguments by their names, e.g. { path: "a.txt" }`,
  );

/**
 * What a guest whose grant names tools has as `tools`: `tools.NAME({ … })` calls one. A property is made when it is first asked for: which tools
 * there are only the host knows, and it is the host that refuses.
 */
export const createTools = (calls: Calls): object => {
  const takeResult = ({ value }: Answer): unknown => (value as { readonly value: unknown }).value; // what the host function answers
  const takeValue = ({ value }: Answer): unknown => value;
  // The promise of the call itself is handed out: what it rejects with has no stack but that of the guest's own `await`.
  const invoke = (name: unknown, args: unknown): Promise<unknown> => {
    const given = args === undefined ? {} : args;
    return typeof given !== 'object' || given === null || isArray(given)
      ? new PromiseType((_, reject) => reject(noArguments(name)))
      : calls.call('tools.call', { __proto__: null, name, args: given }, undefined, takeResult);
  };
  const own: object = {
    __proto__: null,
    call: (name: unknown, args?: unknown) => invoke(name, args),
    search: exposed((query: unknown, limit?: unknown) =>
      calls.call('tools.search', { __proto__: null, query: toText(query), limit }, undefined, takeValue),
    ),
    describe: exposed((name: unknown) =>
      calls.call('tools.describe', { __proto__: null, name, language: 'typescript' }, undefined, takeValue),
    ),
  };
  define(own, Symbol.toStringTag, 'tools');
  define(own, Symbol.toPrimitive, () => '[object tools]');
  freeze(own);
  const made = new MapType<string, Tool>();
  return new Proxy(own, {
    get: (_, key) => {
      if (typeof key !== 'string' || hasOwn(own, key)) return (own as Record<PropertyKey, unknown>)[key];
      // What is awaited is asked for `then`, what becomes JSON for `toJSON`: neither is a call.
      if (key === 'then' || key === 'toJSON') return undefined;
      let tool = mapGet(made, key) as Tool | undefined;
      if (tool === undefined) {
        tool = (args?: unknown) => invoke(key, args);
        defineProperty(tool, 'name', { __proto__: null, value: key } as PropertyDescriptor);
        mapSet(made, key, tool);
      }
      return tool;
    },
  });
};
