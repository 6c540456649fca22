import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Permission } from './access/permissions.ts'
import type { Viewer } from './access/viewer.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be permitted. A route without it stops the start. */
    permission?: Permission
  }
  interface FastifyRequest {
    /** Whoever asks; null on public routes. */
    viewer: Viewer | null
  }
}

/** The service's Fastify. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>
