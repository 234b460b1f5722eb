import type { HostFunction, HostReply, OperationInfo } from '../../runtime/contracts/host-function.ts';
import type { RunPort } from '../../runtime/contracts/operations/run.ts';
import type {
  TabularStatement,
  TabularTable,
  TabularWire,
} from '../../runtime/contracts/operations/tabular.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import type { Limits } from '../../runtime/vocabulary/limits.ts';
import { readTabular } from './tabular-args.ts';
import { complain, faultOf } from './tabular-faults.ts';

const OPERATIONS: Readonly<Record<string, OperationInfo>> = Object.freeze({
  'tabular.query': Object.freeze({ capability: 'tabular.query', kind: 'act' }),
});
/** Of the output of the guest, for names of columns and what an error says. */
const ELSE_BYTES = 128 * 1024;

/**
 * The host function `tabular`: one statement of SQL over tables that come with it, asked of a guest of SQLite within the budget of the run that
 * asks. It needs no grant, for it reaches nothing: the tables are in the memory of that guest, and gone with it. Errors: INPUT_INVALID for what
 * is no table or no statement that reads; else whatever the guest ended with.
 * @param port What begins the runs.
 * @param load The module of that guest, unpacked; it is asked for at each call.
 * @param wire How it is asked.
 */
export function createTabularHostFunction(
  port: Pick<RunPort, 'start'>,
  load: () => Promise<Uint8Array>,
  wire: TabularWire,
): HostFunction<never> {
  return {
    name: 'tabular',
    network: false,
    operations: OPERATIONS,
    checksPermissions: true, // there is none to have
    parse: (_, where) => {
      throw new TypeError(`Cannot read ${where}: tables need no grant`);
    },
    open: (_, { run, limits }) => ({
      call: async (_operation, { args, signal }): Promise<HostReply> => {
        const { tables, sql, maxRows } = readTabular(args);
        const maxBytes = Math.max(1, Math.min(limits.hostCallBytes, limits.outputBytes - ELSE_BYTES));
        const statements = [...tables.flatMap(loading), { sql, params: [] }];
        const asked = {
          module: await load(),
          filename: 'sqlite.wasm',
          invoke: 'query',
          stdin: wire.encode(statements, maxRows, maxBytes),
          collect: [],
          limits: ownLimits(limits),
        };
        const outcome = await port.start(asked, { run, signal, share: [], further: undefined });
        if (!outcome.ok) {
          const { code, message, retryable } = outcome.error;
          throw new SandglassError(code, `Cannot query the tables: ${message}`, { retryable });
        }
        if (outcome.value !== 0) throw noMemory();
        const answer = await wire.read(outcome.stdout);
        if (!answer.ok)
          throw answer.error.reason === 'memory' ? noMemory() : faultOf(answer.error, sql, tables);
        if (answer.columns.length === 0 || answer.changes > 0)
          throw complain('the statement changes the tables: only statements that read are done, as SELECT');
        const columns = answer.columns.map(({ name }) => name);
        return {
          value: { columns, rows: answer.rows, truncated: answer.truncated } as JsonObject as JsonValue,
        };
      },
      close: () => undefined,
    }),
  };
}

/** Those of the run that asks; what is left of them, its budget says. */
const ownLimits = ({ timeoutMs, fuel, memoryBytes, outputBytes }: Limits): Partial<Limits> => ({
  timeoutMs,
  fuel,
  memoryBytes,
  outputBytes,
});

const noMemory = (): SandglassError =>
  new SandglassError('MEMORY_EXCEEDED', 'Cannot query the tables: SQLite has no memory left');

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Rows go in as one JSON text: SQLite takes it apart, on the fuel of the run. Names of columns are in no path of it. */
function loading({ name, columns, rows }: TabularTable): readonly TabularStatement[] {
  const declared = columns.map((column) => `${quoted(column.name)} ${column.type}`);
  const cells = columns.map((_, at) => `json_extract(value, '$[${at}]')`);
  return [
    { sql: `CREATE TABLE ${quoted(name)} (${declared.join(', ')})`, params: [] },
    { sql: `INSERT INTO ${quoted(name)} SELECT ${cells.join(', ')} FROM json_each(?1)`, params: [rows] },
  ];
}
