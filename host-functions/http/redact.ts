import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';

/** Takes credentials out of texts that a server chose: URLs, header names and values, what errors tell of them. */
export type Redact = (text: string) => string;

/** Escapes of escapes that are looked through. */
const MAX_LAYERS = 4;
const HIDDEN = '***';

/** @param traces All forms of all credentials that the run's grant names: what one server got, another may repeat. */
export function createRedact(traces: readonly string[]): Redact {
  if (traces.length === 0) return (text) => text;
  const wanted = [...new Set(traces.map((trace) => trace.toLowerCase()))].sort((a, b) => b.length - a.length);
  return (text) => {
    const clean = wanted.reduce(starred, text);
    return holdsEscaped(clean, wanted) ? HIDDEN : clean;
  };
}

/** `*` for each character of `trace`, in whatever case: hosts and header names come back in lower case. */
function starred(text: string, trace: string): string {
  const folded = text.toLowerCase();
  // Folding changes the length of a few letters, none of which a header can carry: then places would not be the same.
  if (folded.length !== text.length) return folded.includes(trace) ? HIDDEN : text;
  const parts: string[] = [];
  let copied = 0;
  for (let at = folded.indexOf(trace); at !== -1; at = folded.indexOf(trace, copied)) {
    parts.push(text.slice(copied, at), '*'.repeat(trace.length));
    copied = at + trace.length;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied);
}

/** Percent escapes of any of its characters, in any case, once or several times over. */
function holdsEscaped(text: string, wanted: readonly string[]): boolean {
  let layer = text;
  for (let left = MAX_LAYERS; left > 0 && layer.includes('%'); left -= 1) {
    layer = unescaped(layer);
    const folded = layer.toLowerCase();
    const spaced = folded.replaceAll('+', ' ');
    if (wanted.some((trace) => folded.includes(trace) || spaced.includes(trace))) return true;
  }
  return false;
}

/** As far as it can be: what is not an escape stays. */
const unescaped = (text: string): string =>
  text.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));

/** An error as a guest may see it. */
export function redactError(error: SandglassError, redact: Redact): SandglassError {
  const { code, message, details, hostDetails, hint, retryable, cause } = error;
  return new SandglassError(code, redact(message), {
    ...(details === undefined ? {} : { details: redactObject(details, redact) }),
    ...defined({ hostDetails }),
    ...(hint === undefined ? {} : { hint: redact(hint) }),
    retryable,
    ...defined({ cause }),
  });
}

const redactObject = (object: object, redact: Redact): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [redact(key), redactValue(value, redact)]));

function redactValue(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, redact));
  return redactObject(value, redact);
}
