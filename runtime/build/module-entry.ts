/** The program of a tool as a module, for builders that take one: the two exports of the world `tool` around it. Promises are waited for. */
export const moduleEntry = (program: string, manifest: string, interfaces: readonly string[]): string => `${[
  ...interfaces,
  'log',
]
  .map((name) => `import * as ${name} from 'sandglass:host/${name}@0.1.0';`)
  .join('\n')}
const shown = (values) =>
  values.map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))).join(' ');
const writes = (level) => (...values) => log.write(level, shown(values));
globalThis.console = { debug: writes('debug'), log: writes('info'), info: writes('info'), warn: writes('warn'), error: writes('error') };
const make = ${program};
export const describe = () => ${JSON.stringify(manifest)};
const fail = (error) => {
  const refusal = error?.payload;
  if (typeof refusal?.code === 'string' && typeof refusal.message === 'string') throw refusal;
  throw { code: 'GUEST_THREW', message: String(error?.message ?? error), hint: undefined, refusal: 0 };
};
export async function invoke(input) {
  try {
    const run = make({ ${[...interfaces, 'log'].join(', ')} });
    if (typeof run !== 'function')
      throw new TypeError('the tool has neither a function run(args) nor a default export that is one');
    return JSON.stringify((await run(JSON.parse(input))) ?? null);
  } catch (error) {
    return fail(error);
  }
}
`;
