import type { Context, Hono } from 'hono';
import type { Caller } from '../../vocabulary/caller.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { Rate } from '../../vocabulary/policy.ts';
import { HttpError } from './http-error.ts';

/** Who was let in. */
export interface Who {
  /** `undefined` for whoever has the server's own key. */
  readonly caller: Caller | undefined;
  /** Names of tools that it may call, or patterns. @default all */
  readonly tools?: readonly string[] | undefined;
  /** In place of the server's rate. */
  readonly rate?: Rate | undefined;
  /** Calls in a longer time, beside the rate. */
  readonly quota?: Rate | undefined;
}

export interface DoorEnv {
  Variables: {
    who: Who;
    /** Counts the request as a call of its caller. @throws {HttpError} 429 over the rate. */
    count: () => Promise<void>;
  };
}

export type DoorContext = Context<DoorEnv>;

/** One route: what answers it, and what the document of the API says of it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** `/v1/runs/{id}` */
  readonly path: string;
  readonly operation: Operation;
  readonly handle: (context: DoorContext) => Response | Promise<Response>;
}

export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  /** Needs no key. */
  readonly open?: true;
  /** By name, those of the path too. */
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly body?: { readonly mime: string; readonly schema: JsonObject };
  /** By status; those of errors are added. */
  readonly answers: Readonly<Record<number, Answer>>;
}

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly schema: JsonObject;
  readonly description?: string;
}

export interface Answer {
  readonly description: string;
  /** By media type. */
  readonly content?: Readonly<Record<string, JsonObject>>;
}

/** Puts routes into an app; another method of one of their paths is 405. */
export function mountRoutes(app: Hono<DoorEnv>, routes: readonly Omit<Route, 'operation'>[]): void {
  const methods = new Map<string, string[]>();
  for (const { method, path, handle } of routes) {
    const pattern = path.replaceAll('{', ':').replaceAll('}', '');
    app.on(method.toUpperCase(), pattern, handle);
    methods.set(pattern, [...(methods.get(pattern) ?? []), method.toUpperCase()]);
  }
  for (const [pattern, allowed] of methods) {
    app.all(pattern, ({ req }) => {
      const error = new HttpError(
        405,
        `Cannot answer ${req.method} ${req.path}: its methods are ${allowed.join(', ')}`,
      );
      error.headers = { Allow: allowed.join(', ') };
      throw error;
    });
  }
}
