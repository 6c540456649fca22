import type { Readiness } from '@gatehouse/monitoring'
import type { App } from '../service.ts'
import type { AdminPorts } from '../ports.ts'

/** For whoever runs the service. */
export function healthRoutes(app: App, { coordination, trail, metrics }: AdminPorts): void {
  const open = { config: { permission: 'public' } } as const
  app.get('/healthz', open, () => ({ status: 'ok' }))
  app.get('/readyz', open, async (_, reply) => {
    const readiness = readinessOf(coordination, trail)
    return await reply.code(readiness.unready.length === 0 ? 200 : 503).send(readiness)
  })
  app.get('/metrics', open, async (_, reply) => {
    return await reply.type(metrics.scraped.registry.contentType).send(await metrics.scraped.registry.metrics())
  })
  app.get('/openapi.json', open, () => app.swagger())
}

/** Anybody may ask, so no detail of a failure is told: the log has it. */
function readinessOf({ state }: AdminPorts['coordination'], { failure }: AdminPorts['trail']): Readiness {
  const unready: { reason: string; detail: string }[] = []
  if (state.kind === 'lost') unready.push({ reason: 'coordination lost', detail: '' })
  if (failure !== null) unready.push({ reason: 'trail not writable', detail: '' })
  return { state: 'running', unready, warnings: [] }
}
