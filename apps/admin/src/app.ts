import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import cookie from '@fastify/cookie'
import type { ReloadedTls } from '@gatehouse/certificates'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import type { App } from './service.ts'
import { answerTo, ApiError } from './errors.ts'
import type { AdminPorts } from './ports.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { backChannelLogoutRoutes } from './routes/back-channel-logout.ts'
import { eventRoutes } from './routes/events.ts'
import { grantRoutes } from './routes/grants.ts'
import { healthRoutes } from './routes/health.ts'
import { legalHoldRoutes } from './routes/legal-holds.ts'
import { linkRoutes } from './routes/links.ts'
import { meRoutes } from './routes/me.ts'
import { pageRoutes } from './routes/page.ts'
import { policyRoutes } from './routes/policy.ts'
import { replayRoutes } from './routes/replay.ts'
import { revocationRoutes } from './routes/revocations.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { trailRoutes } from './routes/trail.ts'

/** Most bytes of a request's body. */
const MAX_BODY_BYTES = 128 * 1024
/** From a request's first byte to its last. */
const REQUEST_MILLISECONDS = 15_000

/** Builds the service without listening. Throws when a route says nothing of its permission. */
export async function buildApp(ports: AdminPorts): Promise<App> {
  const { config, log, tls, doorkeeper, metrics, now } = ports
  const loggerInstance: FastifyBaseLogger = log
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MILLISECONDS,
    forceCloseConnections: true,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    serverFactory: (handler) => createHttpServer(tls, handler),
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('viewer', null)

  app.addHook('onRoute', ({ url, method, config: settings }) => {
    if (settings?.permission === undefined) throw new Error(`the route ${String(method)} ${url} says no permission`)
  })
  app.setErrorHandler(async (error, _request, reply) => {
    const { status, code, message, hint } = answerTo(error, log)
    await reply.code(status).send({ error: { code, message, hint } })
  })
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: config.publicUrl.startsWith('https:') ? { maxAge: 31_536_000 } : false,
    referrerPolicy: { policy: 'no-referrer' },
  })
  await app.register(rateLimit, {
    global: false,
    max: config.requestsPerMinute,
    timeWindow: 60_000,
    cache: 10_000,
    errorResponseBuilder: (_, { ttl }) =>
      new ApiError(
        429,
        'TOO_MANY_REQUESTS',
        'Too many requests come from your address.',
        `Wait ${Math.ceil(ttl / 1000)} seconds.`,
      ),
  })
  await app.register(cookie)
  await app.register(swagger, {
    openapi: { info: { title: 'Gatehouse admin', version: '1' } },
    transform: jsonSchemaTransform,
  })

  // Before it is looked at who asks, and also where there is no route.
  app.addHook('onRequest', app.rateLimit())
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    // What is not a route is answered like what nobody may see: 404, and nothing is learned of it.
    const permission = request.routeOptions.config.permission ?? 'public'
    if (permission !== 'public') request.viewer = await doorkeeper.admit(request, permission, now())
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.requests.observe({ route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })
  app.setNotFoundHandler(() => {
    throw new ApiError(404, 'NOT_FOUND', 'There is nothing here.', '/openapi.json lists what there is.')
  })

  for (const routes of [
    meRoutes,
    approvalRoutes,
    grantRoutes,
    sessionRoutes,
    credentialRoutes,
    revocationRoutes,
    legalHoldRoutes,
    policyRoutes,
    trailRoutes,
    replayRoutes,
    eventRoutes,
    healthRoutes,
    signInRoutes,
  ])
    routes(app, ports)
  await backChannelLogoutRoutes(app, ports)
  await linkRoutes(app, ports)
  await pageRoutes(app, ports)
  await app.ready()
  return app
}

function createHttpServer(
  tls: ReloadedTls | null,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (tls === null) return createServer(handler)
  const server = createTlsServer(tls.options, handler)
  tls.watch(({ options }) => server.setSecureContext(options))
  return server
}
