import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { addressText, type ListenAddress, openCoordination } from '@gatehouse/configuration'
import type { GatewayConfig } from '@gatehouse/gateway'

/** How long anybody is waited for. */
const PATIENCE_MILLISECONDS = 3_000

/** What a running gateway says at its monitoring listener, or why it says nothing. */
export async function askGateway(
  { monitoring, workers }: Pick<GatewayConfig, 'monitoring' | 'workers'>,
  path: string,
): Promise<readonly string[]> {
  if (monitoring === null) return ['# there is no monitoring listener in the configuration']
  const { address, tls } = monitoring
  return await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const at = addressText({ host: reachable(address), port: address.port + index })
      // The certificate is for the names that others ask for; this is the same machine.
      if (tls !== null) return `# ${at} speaks TLS: ask it as whoever watches it does`
      try {
        const answer = await fetch(`http://${at}${path}`, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) })
        return `# ${at} answers ${String(answer.status)}\n${await answer.text()}`
      } catch (error) {
        return `# ${at} does not answer: ${reasonOf(error)}`
      }
    }),
  )
}

function reachable({ host }: ListenAddress): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** Whether what gateways share can be reached, and how soon it answers. */
export async function coordinationReport({
  coordination: config,
}: Pick<GatewayConfig, 'coordination'>): Promise<object> {
  if (config.kind === 'memory') return { kind: 'memory' }
  const begun = performance.now()
  try {
    const coordination = await openCoordination(config)
    const milliseconds = Math.round(performance.now() - begun)
    const { state } = coordination
    await coordination.close()
    return { kind: config.kind, state, milliseconds }
  } catch (error) {
    return { kind: config.kind, fault: reasonOf(error) }
  }
}

/** How far each issuer's clock is from ours, by the date of its answers. */
export async function clockReport({ issuers }: Pick<GatewayConfig, 'issuers'>): Promise<readonly object[]> {
  return await Promise.all(
    issuers.map(async ({ issuer }) => {
      const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`
      try {
        const begun = Date.now()
        const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) })
        const date = Date.parse(answer.headers.get('date') ?? '')
        const between = (begun + Date.now()) / 2
        return {
          issuer,
          status: answer.status,
          aheadSeconds: Number.isNaN(date) ? null : Math.round((date - between) / 1000),
        }
      } catch (error) {
        return { issuer, fault: reasonOf(error) }
      }
    }),
  )
}

/** When the certificates of the configuration end; nothing of their keys is read. */
export function certificateReport(config: GatewayConfig): readonly object[] {
  const files: [string, string | null][] = [
    ['listeners.postgres.tls', config.listeners.postgres?.tls?.certificateFile ?? null],
    ['listeners.mysql.tls', config.listeners.mysql?.tls?.certificateFile ?? null],
    ['monitoring.tls', config.monitoring?.tls?.certificateFile ?? null],
    ...[...config.targets].flatMap(([name, { tls }]): [string, string | null][] => [
      [`targets.${name}.tls`, tls.clientCertificateFile],
      [`targets.${name}.tls.caFile`, tls.caFile],
    ]),
  ]
  return files.flatMap(([setting, file]): object[] => {
    if (file === null) return []
    try {
      const { subject, validFrom, validTo, fingerprint256 } = new X509Certificate(readFileSync(file))
      return [{ setting, subject, validFrom, validTo, fingerprint256 }]
    } catch (error) {
      return [{ setting, fault: reasonOf(error) }]
    }
  })
}

/** An error's message, with that of its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
