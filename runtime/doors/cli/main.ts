#!/usr/bin/env node
// Here and in what it loads `process` is the global: importing node:process reads every property it has, which takes milliseconds.

import { nodeIsTooOld } from '../../vocabulary/node-floor.ts';

// What follows fails in its own words on an old Node; so nothing of it is loaded before.
const tooOld = nodeIsTooOld(process.versions.node);
if (tooOld !== undefined) {
  process.stderr.write(`sandglass: ${tooOld}\n`);
  process.exitCode = 2;
} else {
  const { runCli } = await import('./cli.ts');
  const { createProcessTerminal } = await import('./terminal.ts');
  const { readVersion } = await import('./version.ts');
  process.exitCode = await runCli(process.argv.slice(2), {
    terminal: createProcessTerminal(),
    version: readVersion(),
    createRuntime: async (options) => (await import('../../index.ts')).createRuntime(options),
    loadPackages: async () => (await import('../../index.packages.ts')).fetchPackages,
    inspectUpload: async (bytes) => (await import('../../index.ts')).inspectUpload(bytes),
    loadInspector: async () => (await import('../../catalog/describe-module.ts')).describeModule,
  });
}
