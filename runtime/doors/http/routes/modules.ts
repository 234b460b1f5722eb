import { Hono } from 'hono';
import type { BodyBudget } from '../body-budget.ts';
import type { ModuleStore } from '../module-store.ts';
import { readBody } from '../read-body.ts';

export interface ModuleRoutes {
  readonly modules: ModuleStore;
  /** Of one module, bytes. */
  readonly maxModuleBytes: number;
  readonly bodies: BodyBudget;
}

/** `POST /v1/modules` keeps a module and answers its hash. */
export function moduleRoutes({ modules, maxModuleBytes, bodies }: ModuleRoutes): Hono {
  return new Hono().post('/v1/modules', async (context) => {
    const share = bodies.open();
    try {
      const bytes = await readBody(context.req.raw, 'module', maxModuleBytes, share);
      const { hash, kind, exports } = await modules.put(bytes);
      return context.json({ hash, kind, exports, bytes: bytes.byteLength });
    } finally {
      share.release();
    }
  });
}
