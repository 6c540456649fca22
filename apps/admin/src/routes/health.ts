import type { App } from '../service.ts'
import type { AdminPorts } from '../ports.ts'

/** For whoever runs the service. */
export function healthRoutes(app: App, { coordination, trail, metrics }: AdminPorts): void {
  const open = { config: { permission: 'public' } } as const
  app.get('/healthz', open, () => ({ status: 'ok' }))
  app.get('/readyz', open, async (_, reply) => {
    const shared = coordination.state.kind
    const trailed = trail.failure === null ? 'ok' : 'unavailable'
    const ready = shared === 'connected' && trailed === 'ok'
    return await reply.code(ready ? 200 : 503).send({ ready, coordination: shared, trail: trailed })
  })
  app.get('/metrics', open, async (_, reply) => {
    return await reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  app.get('/openapi.json', open, () => app.swagger())
}
