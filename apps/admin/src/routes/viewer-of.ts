import type { FastifyRequest } from 'fastify'
import type { Viewer } from '../access/viewer.ts'

/** Whoever asks, on a route that is not public. */
export function viewerOf(request: FastifyRequest): Viewer {
  if (request.viewer === null) throw new Error('a route that is not public was reached by nobody')
  return request.viewer
}
