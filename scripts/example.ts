// Runs one of the use cases of examples/: npm run example -- scraping
import { readdirSync } from 'node:fs';

const folder = new URL('../examples/use-cases/', import.meta.url);
const names = readdirSync(folder)
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();
const [name = ''] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`Cannot run the example ${JSON.stringify(name)}: there are ${names.join(', ')}`);
  process.exit(2);
}
await import(new URL(`${name}.ts`, folder).href);
