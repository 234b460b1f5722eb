import type { GuestResult } from '../contracts/engine.ts';

type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

/** Field → what it must be, for each way a guest can end. */
const END_FIELDS: Readonly<Record<string, (end: Fields) => boolean>> = {
  value: (end) => end.form === undefined || end.form === 'text',
  exit: (end) => typeof end.exitCode === 'number' && Number.isInteger(end.exitCode),
  threw: (end) => isGuestError(end.error) && (end.refusalId === undefined || isCount(end.refusalId)),
  trapped: (end) => typeof end.message === 'string',
  limit: (end) =>
    ['fuel', 'deadline', 'memory', 'stack', 'output', 'cancelled'].includes(String(end.limit)) &&
    (end.error === undefined || isGuestError(end.error)),
  invalid: (end) =>
    ['INPUT_INVALID', 'MODULE_INVALID', 'OUTPUT_INVALID', 'UNSUPPORTED'].includes(String(end.code)) &&
    typeof end.message === 'string',
};

const isGuestError = (value: unknown): boolean =>
  isFields(value) &&
  typeof value.name === 'string' &&
  typeof value.message === 'string' &&
  (value.hint === undefined || (typeof value.hint === 'string' && value.hint.length <= 500));

/** What an executor answered, whoever wrote it and whatever its realm has become; `undefined` for what is not a result. */
export function readResult(value: unknown): GuestResult | undefined {
  if (!isFields(value) || typeof value.kind !== 'string' || !Object.hasOwn(END_FIELDS, value.kind))
    return undefined;
  if (!isCount(value.memoryBytes) || typeof value.growthRefused !== 'boolean') return undefined;
  if (value.fuel !== null && !isCount(value.fuel)) return undefined;
  if (END_FIELDS[value.kind]?.(value) !== true) return undefined;
  return value as GuestResult; // each field the union needs was checked above
}
