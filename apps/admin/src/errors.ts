import { CoordinationLost } from '@gatehouse/coordination'
import { TrailUnavailable } from '@gatehouse/core'
import type { FastifyError } from 'fastify'
import type { Logger } from 'pino'

/** A "no" of the service: status, stable code, what is wrong, and what would work. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly hint: string

  constructor(status: number, code: string, message: string, hint: string) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint
  }
}

/** What an error is answered with. Nothing of an unexpected one is shown; it goes to the log. */
export function answerTo(error: unknown, log: Logger): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof CoordinationLost)
    return new ApiError(
      503,
      'COORDINATION_LOST',
      'What is shared with the gateways cannot be reached now; it is not known whether this was done.',
      'Look again in a moment, then try again.',
    )
  if (error instanceof TrailUnavailable)
    return new ApiError(
      503,
      'TRAIL_UNAVAILABLE',
      'The audit trail cannot be written, so nothing was done.',
      'Ask whoever runs this service to look at the disk of its trail.',
    )
  if (isFastifyError(error)) {
    const { statusCode = 500, code } = error
    if (statusCode < 500) return clientError(statusCode, code, error.message)
  }
  log.error({ error }, 'a request failed unexpectedly')
  return new ApiError(500, 'INTERNAL', 'The service failed at this request.', 'The reason is in its log.')
}

function clientError(status: number, code: string, message: string): ApiError {
  if (status === 413) return new ApiError(413, 'TOO_LARGE', 'The request is too large.', 'Send less at once.')
  if (code === 'FST_ERR_VALIDATION')
    return new ApiError(400, 'NOT_VALID', message, '/openapi.json says what each route takes.')
  return new ApiError(
    status,
    'NOT_READABLE',
    'The request cannot be read.',
    '/openapi.json says what each route takes.',
  )
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
