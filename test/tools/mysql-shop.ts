import { readFileSync } from 'node:fs'
import type { Handover } from '../drivers/shop.ts'
import { openScene, type Scene } from '../mysql/scene.ts'
import type { MysqlAddress } from '../servers/mysql.ts'
import { documentedPolicy } from './documented-policy.ts'
import { HIDDEN, READER, WRITER } from './shop.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const SCHEMA = `${read('../../apps/cli/src/dev/shop-schema-mysql.sql')}\n${read('shop-extras-mysql.sql')}`

/** What docs/tools.md shows for MySQL and MariaDB, whose rules name a database `shop`. */
const POLICY = documentedPolicy('MySQL')

/** The token of the agent that may change definitions, too. */
const MIGRATOR: { readonly groups: readonly string[] } = { groups: [...WRITER.groups, 'ai-migrators'] }

/** A gateway with the policy of docs/tools.md, and the shop behind it; the target is called like its database, as tools need it. */
export function openMysqlToolsShop(server: MysqlAddress): Promise<Scene> {
  return openScene(server, (database) => ({
    sql: SCHEMA,
    targets: (target) => ({ [database]: target }),
    policy: POLICY.replaceAll(/\bshop\./g, `${database}.`),
  }))
}

/** What a program needs to reach it, with the token of each kind of agent. */
export async function mysqlHandoverOf(
  scene: Scene,
): Promise<Handover & { readonly writer: string; readonly migrator: string; readonly version: string }> {
  const { server, database, gateway, caFile } = scene
  const { host, port, superuser: user, password } = server
  return {
    host: 'localhost',
    port: gateway.port,
    token: await gateway.token(READER),
    writer: await gateway.token(WRITER),
    migrator: await gateway.token(MIGRATOR),
    caFile,
    version: server.version,
    direct: { host, port, user, password, database },
    masked: '',
    hidden: HIDDEN,
  }
}
