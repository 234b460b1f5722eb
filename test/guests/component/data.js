import * as docs from 'sandglass:host/docs@0.1.0';
import * as kv from 'sandglass:host/kv@0.1.0';
import * as sql from 'sandglass:host/sql@0.1.0';

export const describe = () => '{"name":"data"}';

const interfaces = { docs, kv, sql };

/** `[[interface, function, …arguments]]`: the answer, or the error, of each call. */
export function invoke(input) {
  const answers = JSON.parse(input).map(([of, name, ...args]) => {
    try {
      return interfaces[of][name](...args.map((value) => value ?? undefined)) ?? null;
    } catch (error) {
      return { error: error.payload ?? error };
    }
  });
  return JSON.stringify(answers, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
