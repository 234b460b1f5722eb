import type { Host } from './host.ts';
import { dateGetTime, define, jsonParse, jsonStringify } from './primordials.ts';
import { setup } from './state.ts';

const INVALID = 'Invalid Date';

/** Dates as text name their zone, as V8 has it. */
export const installDates = (host: Host): void => {
  const zoneOf = (date: Date): string => {
    const timeZone = setup.env.TZ;
    if (timeZone === undefined || timeZone === '' || timeZone === 'UTC') return 'Coordinated Universal Time';
    const request = {
      kind: 'DateTimeFormat',
      method: 'formatToParts',
      locales: ['en-US'],
      options: { timeZone, timeZoneName: 'long' },
      args: [dateGetTime(date)],
    };
    const { value } = jsonParse(host.intl(jsonStringify(request))) as {
      readonly value?: readonly { readonly type: string; readonly value: string }[];
    };
    if (value === undefined) return 'Coordinated Universal Time'; // a zone that is none
    let name = '';
    for (let at = 0; at < value.length; at++)
      if (value[at]?.type === 'timeZoneName') name = value[at]?.value ?? '';
    return name;
  };
  for (const name of ['toString', 'toTimeString'] as const) {
    const native = Date.prototype[name];
    define(
      Date.prototype,
      name,
      {
        [name](this: Date): string {
          const text = native.call(this);
          return text === INVALID ? text : `${text} (${zoneOf(this)})`;
        },
      }[name],
    );
  }
};
