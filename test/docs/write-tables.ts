// Writes the tables of the documents that are made from the code: `npm run docs:write`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENTS, ROOT, readDocument } from './documents.ts';
import { fillTables } from './tables.ts';

for (const page of DOCUMENTS) {
  const [before, after] = [readDocument(page), fillTables(readDocument(page))];
  if (after !== before) writeFileSync(join(ROOT, page), after);
}
