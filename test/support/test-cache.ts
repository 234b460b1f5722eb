import { join } from 'node:path';

/** Folder where tests that are not about preparing keep what was prepared, so that one of them prepares Python for all. */
export const TEST_CACHE = join(import.meta.dirname, '../../node_modules/.cache/sandglass-test');
