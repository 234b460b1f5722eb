// The package's `sandglass/http`: the HTTP API as an app, and what it needs beside a runtime.

export { inspectModule } from '../../catalog/inspect-module.ts';
export type { ModuleInfo } from '../../contracts/api/module.ts';
export type { Queue } from '../../contracts/queue.ts';
export { createInProcessScheduler, type InProcessOptions } from '../../work/in-process.ts';
export {
  createRunJournal,
  type JournalFiles,
  type JournalOptions,
  type RunJournal,
} from '../../work/run-journal.ts';
export type {
  Complete,
  McpAsker,
  McpMessage,
  McpPrompt,
  McpPromptArgument,
  McpResource,
} from '../mcp/offers.ts';
export { createHttpApp, type HttpAppOptions } from './app.ts';
export type { DoorPolicy } from './door-policy.ts';
export { createModuleStore, type ModuleStore, type ModuleStoreOptions } from './module-store.ts';
