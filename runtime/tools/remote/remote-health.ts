import type { RuntimeHealth } from '../../contracts/api/health.ts';
import type { ToolServerInfo } from '../../contracts/api/tool-servers.ts';

/** How the servers stand whose tools are used here, all together. */
export function remoteHealth(servers: readonly ToolServerInfo[]): RuntimeHealth['remote'] {
  if (servers.length === 0) return 'disabled';
  return servers.some(({ state }) => state === 'failed' || state === 'held') ? 'degraded' : 'healthy';
}
