import type { ArgumentFault } from '../../contracts/api/tool-call.ts';
import { SandglassError } from '../../vocabulary/errors.ts';

/** A capability that a file was seen to use, without running it. */
export interface Need {
  readonly capability: string;
  /** What shows it: `open(p, "w")`, `fetch`. */
  readonly by: string;
  readonly line?: number;
}

/**
 * What a manifest does not ask for and its tool uses. The gate would refuse it in every call: it is told before the first.
 * @throws {SandglassError} MANIFEST_INVALID naming each.
 */
export function refuseUndeclared(
  path: string,
  needs: readonly Need[],
  capabilities: readonly unknown[],
): void {
  const names = capabilities.map((one) =>
    typeof one === 'object' && one !== null && 'name' in one ? String(one.name) : String(one),
  );
  const missing = needs.filter(({ capability }) => !names.some((name) => covers(name, capability)));
  const [first] = missing;
  if (first === undefined) return;
  const faults = [...new Map(missing.toReversed().map((need) => [need.capability, need])).values()]
    .toReversed()
    .map(
      ({ capability, by, line }): ArgumentFault => ({
        path: 'capabilities',
        message: `${by}${line === undefined ? '' : ` in line ${line}`} needs ${capability}, which the manifest does not ask for`,
        rule: 'capabilities',
        allowed: [capability],
      }),
    );
  throw new SandglassError(
    'MANIFEST_INVALID',
    `Cannot register ${path}: ${faults.map(({ message }) => message).join('; ')}`,
    {
      details: { file: path, errors: faults },
      hint: `Add it to the manifest: "capabilities": ${JSON.stringify(faults.map(({ allowed = [] }) => allowed[0]))}`,
    },
  );
}

const covers = (name: string, capability: string): boolean =>
  name === '*' ||
  name === capability ||
  (capability === 'fs.*' && name.startsWith('fs.')) ||
  (name.endsWith('.*') && capability.startsWith(name.slice(0, -1)));

/** The interfaces of our world that a component imports. What WASI it imports tells nothing: compilers put it in unasked. */
export function needsOfImports(imports: readonly string[]): readonly Need[] {
  return imports.flatMap((name): readonly Need[] => {
    const own = /^sandglass:host\/(fs|http)(?=$|[@#])/.exec(name)?.[1];
    if (own === undefined) return [];
    return [{ capability: own === 'fs' ? 'fs.*' : 'http', by: `the import ${name.slice(0, 60)}` }];
  });
}
