import type { SqlOperations } from '../../../contracts/operations/sql.ts';
import { defined } from '../../../vocabulary/defined.ts';
import type { JsonObject, JsonValue } from '../../../vocabulary/json.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { ok, type Result } from '../wasi/errors.ts';
import { type HostError, hostError } from './errors.ts';
import { jsonOf, notJson } from './json-text.ts';

type Answer<T> = Eventually<Result<T, HostError>>;

interface Found {
  readonly documents: readonly string[];
  readonly truncated: boolean;
}

/** `sandglass:host/docs`: documents and filters as JSON text. */
export function docsInterface(run: ComponentRun) {
  /** Reads the texts one after the other, and calls with what they hold. */
  const call = <T>(
    name: string,
    args: JsonObject,
    texts: Readonly<Record<string, string | undefined>>,
    read: (value: JsonValue) => T,
  ): Answer<T> => {
    run.check();
    const [first, ...rest] = Object.entries(texts);
    if (first === undefined)
      return after(
        run.call(`sql.${name}`, args),
        (answer): Result<T, HostError> => (answer.ok ? ok(read(answer.value)) : hostError(answer)),
      );
    const [key, text] = first;
    const others = Object.fromEntries(rest);
    if (text === undefined) return call(name, args, others, read);
    return after(jsonOf(run, text), (value): Answer<T> => {
      if (value === undefined) return notJson(key);
      return call(name, { ...args, [key]: value }, others, read);
    });
  };
  return {
    insert: (database: string, collection: string, documents: string): Answer<readonly string[]> =>
      call('insert', { database, collection }, { documents }, (value) => told('sql.insert', value).ids),
    find: (
      database: string,
      collection: string,
      filter: string,
      sort: string | undefined,
      limit: number | undefined,
      skip: number | undefined,
    ): Answer<Found> => {
      const bounds = { ...defined({ limit, skip }) };
      return call('find', { database, collection, ...bounds }, { filter, sort }, (value) => {
        const { documents, truncated } = told('sql.find', value);
        return { documents: documents.map((one) => JSON.stringify(one)), truncated };
      });
    },
    count: (database: string, collection: string, filter: string): Answer<number> =>
      call('count', { database, collection }, { filter }, (value) => told('sql.count', value).count),
    update: (database: string, collection: string, filter: string, update: string): Answer<number> =>
      call(
        'update',
        { database, collection },
        { filter, update },
        (value) => told('sql.update', value).matched,
      ),
    delete: (database: string, collection: string, filter: string): Answer<number> =>
      call('delete', { database, collection }, { filter }, (value) => told('sql.delete', value).deleted),
  };
}

/** As the contract of the operation says. */
const told = <Name extends 'sql.insert' | 'sql.find' | 'sql.count' | 'sql.update' | 'sql.delete'>(
  _name: Name,
  value: JsonValue,
): SqlOperations[Name]['value'] => value as unknown as SqlOperations[Name]['value'];
