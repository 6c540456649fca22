import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import type { Handover } from '../drivers/shop.ts'
import { openScene, type Scene } from '../postgres/scene.ts'
import type { PostgresAddress } from '../servers/postgres.ts'
import { documentedPolicy } from './documented-policy.ts'

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

/** The demonstration's shop, with one of everything that tools list besides tables and views. */
export const TOOLS_SCHEMA: string = `${read('../../apps/cli/src/dev/shop-schema.sql')}\n${read('shop-extras.sql')}`

/** The policies that docs/tools.md shows, in its order: what agents have that read, and what is added for those that write. */
export const TOOLS_POLICY: string = documentedPolicy('PostgreSQL')

/**
 * Values of masked columns: none of them, in no form, may ever reach a tool. Their digits are 4 to 9: no part of them looks like the
 * oid of an object made in a test.
 */
const CANARIES = [
  ...['945-67-8956', '964-55-7788', '975-66-4488'].map((value) => ({ name: 'ssn', value })),
  ...['ada.lovelace', 'blaise.pascal'].map((value) => ({ name: 'email', value })),
  ...['4959 6464 7575 8686', '4556 7498 8764 5957'].map((value) => ({ name: 'card', value })),
  { name: 'phone', value: '+49 775 5588996' },
  { name: 'salary', value: '487654.56' },
]

/** Them as they are written: what programs look for in all that they are given. */
export const HIDDEN: readonly string[] = CANARIES.map(({ value }) => value)

const needles = needlesOf(CANARIES)

/** The first masked value that a tool was given; null when none. `asked`: what it sent, whose own text is no leak. */
export function leakIn(given: Buffer | string, asked = ''): string | null {
  return findLeak(typeof given === 'string' ? Buffer.from(given) : given, asked, needles)
}

/** Tokens of the two kinds of agent that docs/tools.md has. */
export const READER: { readonly groups: readonly string[] } = { groups: ['ai-agents'] }
export const WRITER: { readonly groups: readonly string[] } = { groups: ['ai-agents', 'ai-writers'] }

/** A gateway with the policy of docs/tools.md, and the shop behind it as target `shop`. */
export function openToolsShop(server: PostgresAddress): Promise<Scene> {
  return openScene(server, { sql: TOOLS_SCHEMA, policy: TOOLS_POLICY })
}

/** What a program needs to reach it; `writer` is the token of the agent that may write. */
export async function handoverOf(scene: Scene): Promise<Handover & { readonly writer: string }> {
  const { server, database, gateway } = scene
  const { host, port, superuser: user, password } = server
  return {
    host: gateway.host,
    port: gateway.port,
    token: await gateway.token(READER),
    writer: await gateway.token(WRITER),
    caFile: '',
    direct: { host, port, user, password, database },
    masked: '',
    hidden: HIDDEN,
  }
}
