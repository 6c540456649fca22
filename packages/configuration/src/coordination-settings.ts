import { readFileSync } from 'node:fs'
import type { Coordination, RedisNode, RedisOptions } from '@gatehouse/coordination'
import { openMemoryCoordination, openRedisCoordination } from '@gatehouse/coordination'
import type { Secret } from '@gatehouse/core'
import * as z from 'zod'
import { authoritiesFault, existingFile } from './file-settings.ts'
import { secret } from './secret-setting.ts'

/** Where what gateways and admin services share is kept. */
export type CoordinationConfig = { readonly kind: 'memory' } | RedisConfig

/** A Redis or Valkey: exactly one of `server`, `sentinel` and `cluster` says where. */
export interface RedisConfig {
  readonly kind: 'redis'
  readonly server: RedisNode | null
  readonly sentinel: { readonly name: string; readonly nodes: readonly RedisNode[] } | null
  readonly cluster: readonly RedisNode[] | null
  readonly username: string | null
  readonly password: Secret<string> | null
  readonly sentinelUsername: string | null
  readonly sentinelPassword: Secret<string> | null
  readonly tls: { readonly caFile: string | null; readonly serverName: string | null } | null
  readonly keyPrefix: string
  readonly database: number
}

/** The schema of what is shared, the same for every service. Relative paths begin at `directory`. */
export function coordinationSchema(directory: string): z.ZodType<CoordinationConfig> {
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('memory').describe('`memory`: one process alone. `redis`: many.') }),
    z
      .strictObject({
        kind: z.literal('redis').describe('`memory`: one process alone. `redis`: many.'),
        server: node.nullable().prefault(null).describe('The one server.'),
        sentinel: z
          .strictObject({
            name: z.string().min(1).describe('What the Sentinels call the master.'),
            nodes: z.array(node).min(1).describe('The Sentinels.'),
          })
          .nullable()
          .prefault(null)
          .describe('Sentinels that say which server is the master.'),
        cluster: z.array(node).min(1).nullable().prefault(null).describe('Some nodes of a cluster.'),
        username: z.string().min(1).nullable().default(null).describe('The user of the ACL. Null: the default one.'),
        password: secret.nullable().default(null).describe('Its password, by reference. Null: none is asked for.'),
        sentinelUsername: z.string().min(1).nullable().default(null).describe('The same, at the Sentinels.'),
        sentinelPassword: secret.nullable().default(null).describe('The same, at the Sentinels.'),
        tls: z
          .strictObject({
            caFile: existingFile(directory)
              .refine((file) => authoritiesFault(file) === null, { error: 'holds no usable certificate in PEM' })
              .nullable()
              .prefault(null)
              .describe("Certificate authorities in PEM. Null: the system's."),
            serverName: z
              .string()
              .min(1)
              .nullable()
              .default(null)
              .describe('The name that is verified. Null: the host it is reached by.'),
          })
          .nullable()
          .prefault(null)
          .describe('TLS, with the server verified. Null: none.'),
        keyPrefix: z
          .string()
          .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'may hold letters, digits, dots, dashes and underscores' })
          .default('gatehouse')
          .describe('What every key begins with: one per installation.'),
        database: z.int().min(0).max(1023).default(0).describe('Which database. A cluster has no other than 0.'),
      })
      .superRefine(({ server, sentinel, cluster, database }, context) => {
        if ([server, sentinel, cluster].filter((place) => place !== null).length !== 1)
          context.addIssue({ code: 'custom', message: 'must hold one of server, sentinel and cluster' })
        if (cluster !== null && database !== 0)
          context.addIssue({ code: 'custom', path: ['database'], message: 'must be 0 in a cluster' })
      }),
  ])
}

const node: z.ZodType<RedisNode> = z.strictObject({
  host: z.string().min(1).describe('Its host.'),
  port: z.int().min(1).max(65_535).default(6379).describe('Its port.'),
})

/** Opens what is configured. Rejects with `CoordinationLost` when it cannot be reached. */
export function openCoordination(config: CoordinationConfig): Promise<Coordination> {
  return config.kind === 'memory' ? openMemoryCoordination() : openRedisCoordination(redisOptions(config))
}

function redisOptions(config: RedisConfig): RedisOptions {
  const { username, password, tls, keyPrefix, database } = config
  return {
    at: placeOf(config),
    keyPrefix,
    database,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password: password.expose() }),
    ...(tls === null
      ? {}
      : {
          tls: {
            ...(tls.caFile === null ? {} : { ca: readFileSync(tls.caFile, 'utf8') }),
            ...(tls.serverName === null ? {} : { servername: tls.serverName }),
          },
        }),
  }
}

function placeOf({ server, sentinel, cluster, sentinelUsername, sentinelPassword }: RedisConfig): RedisOptions['at'] {
  if (sentinel !== null)
    return {
      kind: 'sentinel',
      name: sentinel.name,
      sentinels: sentinel.nodes,
      ...(sentinelUsername === null ? {} : { sentinelUsername }),
      ...(sentinelPassword === null ? {} : { sentinelPassword: sentinelPassword.expose() }),
    }
  if (cluster !== null) return { kind: 'cluster', nodes: cluster }
  if (server !== null) return { kind: 'server', ...server }
  throw new Error('the configuration does not say where the Redis is')
}
