import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { name } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const question = z.strictObject({
  claims: z.record(z.string().max(256), z.unknown()),
  target: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/),
  sql: name.max(65_536),
})

/** The policy as it stands, and what it says to a statement. */
export function policyRoutes(app: App, { config, explain, actions }: AdminPorts): void {
  const policyFile = (): string => {
    if (config.policyFile !== null) return config.policyFile
    throw new ApiError(
      404,
      'NO_POLICY',
      'No policy is configured here.',
      'Whoever runs this service can set `policyFile`.',
    )
  }
  app.get('/v1/policy', { config: { permission: 'policy:read' } }, async () => {
    const text = await readFile(policyFile(), 'utf8')
    return { text, version: createHash('sha256').update(text).digest('hex').slice(0, 12) }
  })
  app.post(
    '/v1/policy/explain',
    { config: { permission: 'policy:read' }, schema: { body: question } },
    async (request) => {
      const { claims, target, sql } = request.body
      if (explain === null)
        throw new ApiError(
          404,
          'NO_EXPLANATIONS',
          'Statements are not explained here.',
          'Use `gatehouse policy explain`.',
        )
      actions.begin('policy_explained', viewerOf(request), target, null)
      try {
        const file = policyFile()
        const catalogsDirectory = config.catalogsDirectory ?? dirname(file)
        const lines = await explain({ policyFile: file, catalogsDirectory, claims, target, sql })
        return { explanation: lines.join('\n') }
      } catch (error) {
        if (error instanceof ApiError) throw error
        const why = error instanceof Error ? error.message : 'it failed'
        throw new ApiError(
          422,
          'NOT_EXPLAINED',
          `It cannot be explained: ${why}`,
          'Look at target, claims and statement.',
        )
      }
    },
  )
}
