/** The oldest major version of Node that this package runs on; `engines` of package.json says the same. */
const NODE_FLOOR = 24;

/** Why this version of Node cannot be used, for whoever started it; `undefined` when it can. */
export function nodeIsTooOld(version: string): string | undefined {
  return Number.parseInt(version, 10) < NODE_FLOOR
    ? `Node ${NODE_FLOOR} or later is needed, this is ${version}`
    : undefined;
}
