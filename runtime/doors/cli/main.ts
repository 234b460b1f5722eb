#!/usr/bin/env node
// Here and in what it loads `process` is the global: importing node:process reads every property it has, which takes milliseconds.

// What follows needs this much, and says so badly where it is missing; so nothing of it is loaded before.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(`sandglass: Node 24 or later is needed, this is ${process.versions.node}\n`);
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
    loadInspector: async () => (await import('../../catalog/describe-module.ts')).describeModule,
  });
}

export {}; // a module, so that it can await
