import { defined } from '../../../vocabulary/defined.ts';
import type { JsonObject, JsonValue } from '../../../vocabulary/json.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { ok, type Result } from '../wasi/errors.ts';
import { type HostError, hostError } from './errors.ts';
import { jsonOf, notJson } from './json-text.ts';

interface Page {
  readonly keys: readonly string[];
  readonly truncated: boolean;
}

/** `sandglass:host/kv`: values as JSON text. */
export function kvInterface(run: ComponentRun) {
  const call = <T>(name: string, args: JsonObject, read: (value: JsonValue) => T) => {
    run.check();
    return after(
      run.call(`kv.${name}`, args),
      (answer): Result<T, HostError> => (answer.ok ? ok(read(answer.value)) : hostError(answer)),
    );
  };
  return {
    get: (store: string, key: string): Eventually<Result<string | undefined, HostError>> =>
      call('get', { store, key }, (value) => (value === null ? undefined : JSON.stringify(value))),
    set: (
      store: string,
      key: string,
      text: string,
      ttlMs: number | undefined,
    ): Eventually<Result<number, HostError>> => {
      run.check();
      return after(jsonOf(run, text), (value): Eventually<Result<number, HostError>> => {
        if (value === undefined) return notJson('value');
        const args = { store, key, value, ...defined({ ttlMs }) };
        return call('set', args, (answer) => (answer as { readonly removed: number }).removed); // as its contract says
      });
    },
    delete: (store: string, key: string): Eventually<Result<boolean, HostError>> =>
      call('delete', { store, key }, (value) => value === true),
    list: (
      store: string,
      prefix: string | undefined,
      behind: string | undefined,
    ): Eventually<Result<Page, HostError>> => {
      const args = {
        store,
        ...defined({ prefix, after: behind }),
      };
      return call('list', args, (value) => value as unknown as Page); // as its contract says
    },
  };
}
