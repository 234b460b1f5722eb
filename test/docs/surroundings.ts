import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { findChromium } from '../support/chromium.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { sha256, wheel } from '../support/wheels.ts';
import type { CodeBlock } from './code-blocks.ts';

/** What a block may ask for by its marks, and has: by the words of a mark. */
const NEEDS = ['postgres', 'redis', 'site', 'wheels', 'chromium'] as const;
type Need = (typeof NEEDS)[number];

/** Servers of the operating system, which a machine may lack. */
const ABSENT: Partial<Record<Need, () => boolean>> = {
  postgres: () => findPostgres() === undefined,
  redis: () => !hasRedis(),
};

/** What the block asks for and this machine cannot give. */
export const lackedBy = ({ marks }: CodeBlock): readonly Need[] =>
  needsOf(marks).filter((need) => ABSENT[need]?.() === true);

const needsOf = (marks: string): readonly Need[] => {
  const words = marks.split(' ').slice(1);
  return NEEDS.filter((need) => words.includes(need));
};

/** A block as it is run: its text with the addresses of what was started for it. */
export interface Placed {
  readonly code: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What stands around the blocks of all documents. Each thing is started for the first block that asks for it. */
export interface Surroundings extends AsyncDisposable {
  place(block: CodeBlock): Promise<Placed>;
}

export function createSurroundings(folder: string): Surroundings {
  const stack = new AsyncDisposableStack();
  const started = new Map<Need, Promise<Omit<Placed, 'code'> & { readonly replace: Replacements }>>();
  const start: Record<Need, () => Promise<{ env?: Record<string, string>; replace?: Replacements }>> = {
    postgres: async () => {
      const server = stack.use(await startPostgres(findPostgres() ?? ''));
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      await client.query(
        "create table orders (who text, amount integer); insert into orders values ('Ann', 5), ('Ann', 7), ('Bob', 1)",
      );
      await client.end();
      return { env: { DATABASE_URL: server.url } };
    },
    redis: async () => {
      const server = stack.use(await startRedis());
      return { replace: [['redis://127.0.0.1:6379', server.url]] };
    },
    site: async () => {
      const page = '<title>Example Domain</title><a href="/more">More information</a>';
      const address = await listen(stack, (_, response) => {
        response.setHeader('content-type', 'text/html').end(page);
      });
      return { replace: [['https://example.com', address]] };
    },
    wheels: async () => {
      await mkdir(join(folder, 'wheels'), { recursive: true });
      const near = wheel('paces', '1.0', 'def metres(steps):\n    return steps * 0.75\n');
      await writeFile(join(folder, 'wheels', near.file), near.bytes);
      const far = wheel('units', '1.2', 'def miles(km):\n    return round(km / 1.609344, 2)\n');
      const address = await listen(stack, (request, response) => {
        if (request.url === `/simple/${far.file}`) response.end(far.bytes);
        else if (request.url === '/simple/units/')
          response
            .setHeader('content-type', 'text/html')
            .end(`<a href="/simple/${far.file}#sha256=${sha256(far.bytes)}">${far.file}</a>`);
        else response.writeHead(404).end();
      });
      return { replace: [['https://wheels.example.com', address]] };
    },
    chromium: async () => ({
      replace: [
        ['createRuntime()', `createRuntime({ browser: { executablePath: '${await findChromium()}' } })`],
      ],
    }),
  };
  return {
    async place({ code, marks }) {
      let text = code;
      const env: Record<string, string> = {};
      for (const need of needsOf(marks)) {
        const once =
          started.get(need) ??
          start[need]().then(({ env: own = {}, replace = [] }) => ({ env: own, replace }));
        started.set(need, once);
        const given = await once;
        Object.assign(env, given.env);
        for (const [from, to] of given.replace) text = text.replaceAll(from, to);
      }
      return { code: text, env };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Replacements = readonly (readonly [from: string, to: string])[];

async function listen(stack: AsyncDisposableStack, answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
}
