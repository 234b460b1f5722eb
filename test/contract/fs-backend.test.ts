import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import { createCustomBackend } from '../support/custom-backend.ts';
import { verifies } from '../support/verifies.ts';
import { fsBackendSuite } from './fs-backend-suite.ts';

verifies('FS-18');

fsBackendSuite({
  name: 'memory',
  make: () => ({ backend: createMemoryBackend(), host: '/files', [Symbol.dispose]: () => undefined }),
});

fsBackendSuite({
  name: 'custom',
  make: () => ({ backend: createCustomBackend(), host: '/files', [Symbol.dispose]: () => undefined }),
});

for (const relativeOpens of process.platform === 'linux' ? [true, false] : [false]) {
  fsBackendSuite({
    name: relativeOpens ? 'node' : 'node by path',
    make: () => {
      const host = mkdtempSync(join(tmpdir(), 'sandglass-fs-'));
      return {
        backend: createNodeBackend({ relativeOpens }),
        host,
        [Symbol.dispose]: () => rmSync(host, { recursive: true, force: true }),
      };
    },
  });
}
