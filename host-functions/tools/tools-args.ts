import type { ToolsOperations } from '../../runtime/contracts/operations/tools.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const MOST_QUERY = 1_000;
const MOST_FOUND = 100;

/** @throws {SandglassError} INPUT_INVALID */
export function readToolCall(given: JsonObject): ToolsOperations['tools.call'] {
  refuseOthers(given, ['name', 'args'], 'call');
  const { args = {} } = given;
  if (!isJsonObject(args)) throw complain('call', '"args" must be an object of arguments by their names');
  return { name: nameIn(given, 'call'), args };
}

/** @throws {SandglassError} INPUT_INVALID */
export function readToolName(given: JsonObject): ToolsOperations['tools.describe'] {
  refuseOthers(given, ['name', 'language'], 'describe');
  const { language } = given;
  if (language !== undefined && language !== 'typescript' && language !== 'python')
    throw complain('describe', '"language" must be "typescript" or "python"');
  return { name: nameIn(given, 'describe'), ...defined<{ language: typeof language }>({ language }) };
}

/** @throws {SandglassError} INPUT_INVALID */
export function readToolQuery(given: JsonObject): ToolsOperations['tools.search'] {
  refuseOthers(given, ['query', 'limit'], 'search');
  const { query, limit } = given;
  if (typeof query !== 'string' || query.length > MOST_QUERY)
    throw complain('search', `"query" must be a text of at most ${MOST_QUERY} characters`);
  if (limit === undefined) return { query };
  if (!isCount(limit)) throw complain('search', `"limit" must be a whole number from 1 to ${MOST_FOUND}`);
  return { query, limit };
}

const isCount = (value: JsonValue): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_FOUND;

function nameIn({ name }: JsonObject, operation: string): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw complain(operation, '"name" must be the name of a tool: 1 to 64 letters, digits, ".", "_" and "-"');
}

function refuseOthers(given: JsonObject, known: readonly string[], operation: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw complain(operation, `unknown argument ${JSON.stringify(unknown.slice(0, 64))}`);
}

const complain = (operation: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call tools.${operation}: ${reason}`, {
    details: { reason: 'invalid' },
  });
