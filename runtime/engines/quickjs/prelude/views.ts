import { type InspectOptions, inspect } from './inspect.ts';
import { define, objectCreate } from './primordials.ts';

/** What `console.log` shows of the web's objects, whose fields are getters: class → fields. */
const FIELDS: Readonly<Record<string, string>> = {
  URL: 'href origin protocol username password host hostname port pathname search searchParams hash',
  Blob: 'size type',
  File: 'size type name lastModified',
  Event: 'type defaultPrevented cancelable timeStamp',
  AbortController: 'signal',
  AbortSignal: 'aborted',
  TextDecoder: 'encoding fatal ignoreBOM',
  Response: 'status statusText headers bodyUsed ok redirected type url',
  Request:
    'method url headers destination referrer referrerPolicy mode credentials cache redirect integrity keepalive signal',
};

export const installViews = (): void => {
  for (const name of Object.keys(FIELDS)) {
    const { prototype } = (globalThis as unknown as Record<string, { readonly prototype: object }>)[name] as {
      readonly prototype: object;
    }; // the prelude has just made it
    const fields = (FIELDS[name] as string).split(' ');
    define(
      prototype,
      Symbol.for('nodejs.util.inspect.custom'),
      function show(
        this: Readonly<Record<string, unknown>>,
        depth: number,
        options: InspectOptions,
      ): unknown {
        const type = this.constructor;
        if (depth < 0) return `[${type.name}]`;
        const shown = objectCreate({ constructor: type }) as Record<string, unknown>;
        for (let at = 0; at < fields.length; at++) shown[fields[at] as string] = this[fields[at] as string]; // within its length
        return inspect(shown, options);
      },
    );
  }
};
