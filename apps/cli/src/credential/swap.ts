import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { Secret } from '@gatehouse/core'
import { credentialNameIn } from '@gatehouse/session-credentials'
import * as z from 'zod'
import { AdminClient } from '../admin-client.ts'
import { CommandFailed } from '../exit-status.ts'
import type { Access } from '../login/access.ts'
import { stateFolder, writePrivately } from '../login/private-file.ts'

// Strictly what they can be: they go into connection strings, shells and files.
const host = z.string().refine((text) => isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text))
const database = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)
const engine = z.enum(['postgres', 'mysql'])
const port = z.int().min(1).max(65_535)
const authorities = z.string().startsWith('-----BEGIN CERTIFICATE-----').nullable()

const answer = z.object({
  credential: z.object({ name: z.string().refine((name) => credentialNameIn(name) === name), until: z.iso.datetime() }),
  secret: z.string().regex(/^[A-Za-z0-9_-]{20,100}$/),
  connection: z.object({ engine, host, port, database, ca: authorities }),
})
/** A target as clients reach it. */
export interface ListedTarget {
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  readonly host: string
  readonly port: number
}

const targetList: z.ZodType<{ readonly targets: readonly ListedTarget[] }> = z.object({
  targets: z.array(z.object({ target: database, engine, host, port })),
})

/** What is wanted of a new credential. */
export interface SwapWish {
  readonly target: string
  readonly uses: number | 'many'
  readonly lifetimeSeconds: number
  readonly address: string | null
}

/** A session credential, and all that a client needs for its login. */
export interface Login {
  readonly engine: 'postgres' | 'mysql'
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret<string>
  /** A file of the authorities to trust; null: the system's. */
  readonly caFile: string | null
  /** When it ends, as ISO 8601. */
  readonly until: string
}

/** Swaps the token for a credential. Rejects with `CommandFailed`. */
export async function swapToken(
  access: Access,
  wish: SwapWish,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Login> {
  const said = answer.safeParse(
    await clientOf(access).post('/v1/credentials', { ...wish, uses: wish.uses === 'many' ? null : wish.uses }),
  )
  // What came is not shown: it may hold the secret.
  if (!said.success) throw new CommandFailed('The service answered with something that is no credential.')
  const { credential, secret, connection } = said.data
  const { ca, ...place } = connection
  if (place.database !== wish.target)
    throw new CommandFailed('The service answered with a credential for another target.')
  return {
    ...place,
    user: credential.name,
    password: new Secret(secret),
    caFile: ca === null ? null : keptAuthorities(ca, environment),
    until: credential.until,
  }
}

/** What a credential can be for. Rejects with `CommandFailed`. */
export async function listTargets(access: Access): Promise<readonly ListedTarget[]> {
  const said = targetList.safeParse(await clientOf(access).get('/v1/targets'))
  if (!said.success) throw new CommandFailed('The service answered with something that is no list of targets.')
  return said.data.targets
}

/** The admin service, asked by this token. */
export function clientOf({ url, token }: Access): AdminClient {
  return new AdminClient({ url }, { GATEHOUSE_TOKEN: token.expose() })
}

/** Drivers take authorities by a file; the same ones have the same name. */
function keptAuthorities(ca: string, environment: Readonly<Record<string, string | undefined>>): string {
  const digest = createHash('sha256').update(ca).digest('hex').slice(0, 16)
  const path = join(stateFolder(environment), `authorities-${digest}.pem`)
  writePrivately(path, ca)
  return path
}
