// Runs the recipes of docs/recipes.md with the packages that they name, over a model of this machine, and the built package. One whose model was not
// told what the tool answered ends it with 1.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'test/recipes');
const main = join(root, 'dist/runtime/doors/cli/main.js');

if (!existsSync(main)) throw new Error('Cannot run the recipes: build the package first, npm run build');
if (!existsSync(join(folder, 'node_modules/ai'))) {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('Cannot install the packages of the recipes');
}
const linked = join(folder, 'node_modules/sandglass');
rmSync(linked, { force: true, recursive: true });
symlinkSync(root, linked);
const project = join(folder, 'node_modules/.project/project');
mkdirSync(project, { recursive: true });
writeFileSync(join(project, 'notes.txt'), 'buy milk');

for (const name of ['ai-sdk', 'openai-agents', 'langchain']) {
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, `${name}.mjs`)], {
    cwd: join(project, '..'),
    encoding: 'utf8',
    env: { ...process.env, SANDGLASS: main },
  });
  const told = stdout.split('\n').filter((line) => line.includes('It says') && line.includes('buy milk'));
  console.log(`${name}: ${told.length} of 2 ways work`);
  if (told.length === 2) continue;
  console.log(stdout, stderr);
  process.exitCode = 1;
}
// A link to the root within the root has no end for whoever looks for files.
rmSync(linked, { force: true });
