import { type Answer, type Calls, exposed } from './calls.ts';
import { Bytes, define, freeze, isArray, objectKeys } from './primordials.ts';

/** Verb → its arguments in the order in which they may be given without their names. */
type Verbs = Readonly<Record<string, readonly string[]>>;

const SQL: Verbs = {
  query: ['database', 'query', 'params'],
  execute: ['database', 'query', 'params'],
  schema: ['database'],
  table: ['database', 'table'],
  insert: ['database', 'collection', 'documents'],
  find: ['database', 'collection', 'filter'],
  count: ['database', 'collection', 'filter'],
  update: ['database', 'collection', 'filter', 'update'],
  delete: ['database', 'collection', 'filter'],
};

const KV: Verbs = {
  get: ['store', 'key'],
  set: ['store', 'key', 'value'],
  delete: ['store', 'key'],
  list: ['store'],
};

const SESSION: Verbs = {
  get: ['key'],
  set: ['key', 'value'],
  delete: ['key'],
  list: [],
};

const BROWSER: Verbs = {
  navigate: ['url'],
  back: [],
  tabs: ['action', 'index'],
  snapshot: [],
  extract: ['selectors'],
  download: ['url'],
  console: [],
  network: [],
  waitFor: ['selector'],
  click: ['selector'],
  fill: ['selector', 'value'],
  fillForm: ['data'],
  press: ['key'],
  select: ['selector', 'values'],
  scroll: ['by'],
  screenshot: [],
  pdf: [],
  close: [],
};

/**
 * `sandglass.sql`, `sandglass.kv`, `sandglass.session` and `sandglass.browser`: operations of host functions by name, with arguments by
 * place, by name, or the rest of them by name.
 */
export const createNamedCalls = (
  calls: Calls,
): { readonly sql: object; readonly kv: object; readonly session: object; readonly browser: object } => ({
  sql: verbsOf(calls, 'sql', SQL),
  kv: verbsOf(calls, 'kv', KV),
  session: verbsOf(calls, 'session', SESSION),
  browser: verbsOf(calls, 'browser', BROWSER),
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isArray(value);

/** What a call answers: bytes where there are any, else its value. */
const taken = ({ value, bytes }: Answer): unknown => (bytes === undefined ? value : new Bytes(bytes));

const verbsOf = (calls: Calls, host: string, verbs: Verbs): object => {
  const made: object = { __proto__: null };
  const names = objectKeys(verbs);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string; // within its length
    const places = verbs[name] as readonly string[]; // one of its keys
    define(
      made,
      name,
      exposed((...given: unknown[]) => {
        const args: Record<string, unknown> = { __proto__: null } as never; // nobody's prototype
        const byName = given.length === 1 && isRecord(given[0]);
        if (!byName) {
          for (let index = 0; index < places.length; index++) args[places[index] as string] = given[index]; // within its length
        }
        const rest = byName ? given[0] : given[places.length];
        if (isRecord(rest)) {
          const keys = objectKeys(rest);
          for (let index = 0; index < keys.length; index++) {
            const key = keys[index] as string; // within its length
            args[key] = rest[key];
          }
        }
        return calls.call(`${host}.${name}`, args, undefined, taken);
      }),
    );
  }
  freeze(made);
  return made;
};
