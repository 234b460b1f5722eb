import { Hono } from 'hono';
import type { ModuleStore } from '../module-store.ts';
import { readBody } from '../read-body.ts';

export interface ModuleRoutes {
  readonly modules: ModuleStore;
  /** Of one module, bytes. */
  readonly maxModuleBytes: number;
}

/** `POST /v1/modules` keeps a module and answers its hash. */
export function moduleRoutes({ modules, maxModuleBytes }: ModuleRoutes): Hono {
  return new Hono().post('/v1/modules', async (context) => {
    const bytes = await readBody(context.req.raw, 'module', maxModuleBytes);
    const { hash, kind, exports } = await modules.put(bytes);
    return context.json({ hash, kind, exports, bytes: bytes.byteLength });
  });
}
