import type { HostAnswer } from '../../../contracts/engine.ts';
import { isJsonObject, type JsonObject } from '../../../vocabulary/json.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { ok, type Result } from '../wasi/errors.ts';
import { type HostError, hostError, invalidArgument } from './errors.ts';
import { jsonOf } from './json-text.ts';

type Answer<T> = Eventually<Result<T, HostError>>;
type Told = HostAnswer & { readonly ok: true };

interface Page {
  readonly url: string;
  readonly title: string;
}

/** Verbs whose arguments and answers are JSON objects, by their names in WIT. */
const VERBS = {
  snapshot: 'snapshot',
  waitFor: 'waitFor',
  back: 'back',
  tabs: 'tabs',
  console: 'console',
  network: 'network',
  click: 'click',
  fill: 'fill',
  fillForm: 'fillForm',
  press: 'press',
  select: 'select',
  scroll: 'scroll',
  download: 'download',
  close: 'close',
} as const;

/** `sandglass:host/browser`: each verb is a host call of its own, which the gate looks at. */
export function browserInterface(run: ComponentRun) {
  const call = <T>(verb: string, args: JsonObject, read: (answer: Told) => T): Answer<T> => {
    run.check();
    return after(
      run.call(`browser.${verb}`, args),
      (answer): Result<T, HostError> => (answer.ok ? ok(read(answer)) : hostError(answer)),
    );
  };
  const byText = <T>(verb: string, text: string, read: (answer: Told) => T): Answer<T> => {
    run.check();
    return after(jsonOf(run, text), (args): Answer<T> => {
      if (args === undefined || !isJsonObject(args))
        return invalidArgument('Cannot read "args": it is not a JSON object');
      return call(verb, args, read);
    });
  };
  const verbs = Object.fromEntries(
    Object.entries(VERBS).map(([name, verb]) => [
      name,
      (args: string) => byText(verb, args, ({ value }) => JSON.stringify(value)),
    ]),
  ) as Readonly<Record<keyof typeof VERBS, (args: string) => Answer<string>>>; // a function for each of its keys
  const picture = (verb: string) => (args: string) =>
    byText(verb, args, ({ bytes }) => bytes ?? new Uint8Array());
  return {
    ...verbs,
    navigate: (url: string): Answer<Page> =>
      call('navigate', { url }, ({ value }) => {
        const { url: at, title } = value as unknown as Page; // as its driver answers
        return { url: at, title };
      }),
    extract: (
      selectors: readonly (readonly [string, string])[],
    ): Answer<readonly (readonly [string, readonly string[]])[]> =>
      call(
        'extract',
        { selectors: Object.fromEntries(selectors) },
        ({ value }) => Object.entries(value as Readonly<Record<string, readonly string[]>>), // lists of texts
      ),
    screenshot: picture('screenshot'),
    pdf: picture('pdf'),
  };
}
