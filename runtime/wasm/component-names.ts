import { invalid, quoted } from './invalid.ts';
import { isReserved } from './reserved.ts';

/**
 * Code generators write the names of core imports and exports into JavaScript string literals as they stand: a quote, a backslash or
 * a line end in one would be code. The characters here are inert in every literal and in template text; what builders emit is all here.
 */
const CORE_NAME = /^[A-Za-z0-9_$.:/@#[\]\-+*<>=|&~]*$/;

/** Component names are kebab-case words, with namespaces, packages and versions; URLs and hashes do not occur in what we run. */
const COMPONENT_NAME = /^[A-Za-z0-9.:/@#[\]\-+*<>=]*$/;

const MAX_NAME_BYTES = 1024;

export function checkCoreName(name: string, at: number): void {
  if (!CORE_NAME.test(name))
    throw invalid(`the core name ${quoted(name)} has characters that are not allowed`, at);
  check(name, at);
}

export function checkComponentName(name: string, at: number): void {
  if (!COMPONENT_NAME.test(name))
    throw invalid(`the name ${quoted(name)} has characters that are not allowed`, at);
  check(name, at);
}

function check(name: string, at: number): void {
  if (name.length > MAX_NAME_BYTES)
    throw invalid(`the name ${quoted(name)} is longer than ${MAX_NAME_BYTES} characters`, at);
  if (isReserved(name)) throw invalid(`it uses the reserved name ${quoted(name)}`, at);
}
