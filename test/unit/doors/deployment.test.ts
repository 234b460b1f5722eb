import { readFile } from 'node:fs/promises';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Service } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { serveCommand } from '../../../runtime/doors/cli/commands/serve.ts';
import { parseArguments } from '../../../runtime/doors/cli/flags.ts';
import { verifies } from '../../support/verifies.ts';

const FOLDER = new URL('../../../examples/deploy/', import.meta.url);
const MODELS = { Deployment, Service, PodDisruptionBudget, NetworkPolicy } as const;

const documents = parseAllDocuments(await readFile(new URL('kubernetes.yaml', FOLDER), 'utf8')).map(
  (document) => document.toJS({ maxAliasCount: 10 }) as { readonly kind: keyof typeof MODELS },
);

/** Of Kubernetes' own schemas. @throws for what one does not allow */
const check = (document: object): void => {
  const { kind } = document as { readonly kind: keyof typeof MODELS };
  new MODELS[kind](document as never).validate(); // each model checks what it is given
};

describe('examples/deploy', verifies('DX-14'), () => {
  test('each manifest keeps the schema of Kubernetes; a wrong field of it is refused', () => {
    expect(documents.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'PodDisruptionBudget',
      'NetworkPolicy',
    ]);
    for (const document of documents) expect(() => check(document)).not.toThrow();
    const [deployment] = structuredClone(documents) as unknown as [{ spec: Record<string, unknown> }];
    deployment.spec.replicas = 'three';
    expect(() => check(deployment)).toThrow();
  });

  test('three replicas ask for 256 MiB and 250 m, and have 512 MiB and 500 m at most', () => {
    const [deployment] = documents as unknown as [InstanceType<typeof Deployment>];
    const { spec } = deployment;
    const [container] = spec?.template.spec?.containers ?? [];
    expect([spec?.replicas, container?.resources]).toEqual([
      3,
      { requests: { memory: '256Mi', cpu: '250m' }, limits: { memory: '512Mi', cpu: '500m' } },
    ]);
    expect(container?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    });
    // What it starts with are flags that there are.
    expect(parseArguments(container?.args ?? [], serveCommand.flags).positionals).toEqual([]);
    const secrets = container?.env?.filter(({ valueFrom }) => valueFrom !== undefined) ?? [];
    expect(secrets.map(({ name }) => name)).toEqual(['SECRET_KEY', 'SANDGLASS_KEY', 'REDIS_URL']);
  });

  test('the container starts the command with flags that there are, as a user without rights', async () => {
    const text = await readFile(new URL('Containerfile', FOLDER), 'utf8');
    const [, entry = ''] = /^ENTRYPOINT (\[.*\])$/m.exec(text) ?? [];
    const [program, main, command, ...flags] = JSON.parse(entry) as string[];
    expect([program, main, command]).toEqual([
      'node',
      'node_modules/sandglass/dist/runtime/doors/cli/main.js',
      'serve',
    ]);
    expect(() => parseArguments(flags, serveCommand.flags)).not.toThrow();
    expect(text).toMatch(/^USER node$/m);
  });
});
