import type { ToolsApi } from '../../contracts/api/tools.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { shownText } from '../../vocabulary/nearest.ts';

/** What the guide needs of the tools. */
export type GuideTools = Pick<ToolsApi, 'search' | 'list' | 'info' | 'validate' | 'call' | 'ready'>;

/** Characters of a task. */
const MOST_CHARACTERS = 20_000;

/** @throws {TypeError} */
export function taskOf(task: unknown): string {
  if (typeof task === 'string' && task.trim() !== '' && task.length <= MOST_CHARACTERS) return task;
  throw new TypeError(`Cannot guide: the task is not a text of 1 to ${MOST_CHARACTERS} characters`);
}

export const noTool = (task: string): SandglassError =>
  new SandglassError('TOOL_NOT_FOUND', `Cannot find a tool for ${shownText(task)}`, {
    hint: 'Say it in other words, or look at tools.list',
  });
