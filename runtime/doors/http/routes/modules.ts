import type { BodyBudget } from '../body-budget.ts';
import type { ModuleStore } from '../module-store.ts';
import { readBody } from '../read-body.ts';
import type { Route } from '../route.ts';
import { json, ref } from '../schemas.ts';

export interface ModuleRoutes {
  readonly modules: ModuleStore;
  /** Of one module, bytes. */
  readonly maxModuleBytes: number;
  readonly bodies: BodyBudget;
}

/** `POST /v1/modules` keeps a module and answers its hash. */
export const moduleRoutes = ({ modules, maxModuleBytes, bodies }: ModuleRoutes): readonly Route[] => [
  {
    method: 'post',
    path: '/v1/modules',
    operation: {
      id: 'uploadModule',
      tag: 'runs',
      summary: 'Keeps a .wasm, and answers the hash by which runs name it',
      body: { mime: 'application/wasm', schema: { type: 'string', contentMediaType: 'application/wasm' } },
      answers: { 200: { description: 'It is kept', content: json(ref('Module')) } },
    },
    handle: async (context) => {
      const share = bodies.open();
      try {
        const bytes = await readBody(context, 'module', maxModuleBytes, share);
        const { hash, kind, exports } = await modules.put(bytes);
        return context.json({ hash, kind, exports, bytes: bytes.byteLength });
      } finally {
        share.release();
      }
    },
  },
];
