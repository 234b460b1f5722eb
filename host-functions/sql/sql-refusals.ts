import type { SqlRefusal } from '../../runtime/contracts/operations/sql.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { SqlEntryPolicy } from './sql-grant.ts';
import { denied } from './sql-policy.ts';

const RETRYABLE: ReadonlySet<SqlRefusal['reason']> = new Set(['connect', 'timeout'] as const);

/** The error of a statement that was not done. */
export function failureOf(
  { reason, message, sqlstate, hint }: SqlRefusal,
  name: string,
  act: string,
  policy: SqlEntryPolicy,
): SandglassError {
  switch (reason) {
    case 'malformed':
      return new SandglassError('INPUT_INVALID', `Cannot ask database "${name}": ${message}`, {
        details: { reason: 'invalid' },
        hint: 'Mend the statement: it is exactly one, with a value for each parameter',
      });
    case 'writes':
      if (!policy.access.has('write'))
        return denied(name, 'write', policy, `${message}, and no grant for sql.write covers it`);
      return new SandglassError(
        'INPUT_INVALID',
        `Cannot call sql.${act}: ${message}, and sql.${act} only reads`,
        {
          details: { reason: 'invalid' },
          hint: 'Use sql.execute, or the tool sql_execute',
        },
      );
    case 'forbidden':
      return new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot ask database "${name}": ${message} is not for guests`,
        {
          details: { capability: 'sql.write', requested: message, missing: ['sql.write'] },
          hint: 'No grant allows it: use statements that read or change rows and tables; do not retry',
        },
      );
    case 'unsupported':
      return new SandglassError(
        'UNSUPPORTED',
        `Cannot ask database "${name}": ${message}`,
        defined({ hint }),
      );
    default:
      return new SandglassError('HOST_CALL_FAILED', `Cannot ask database "${name}": ${message}`, {
        details: { reason, ...defined({ sqlstate }) },
        ...defined({ hint }),
        retryable: RETRYABLE.has(reason),
      });
  }
}
