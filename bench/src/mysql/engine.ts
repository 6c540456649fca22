import { createDatabase, startMysql } from '@gatehouse/test/servers/mysql.ts'
import type { Database, Engine, Workload } from '../engine.ts'
import { TARGET } from '../gateway-setup.ts'
import { startHaproxy } from './haproxy.ts'
import { POLICY } from './policy.ts'
import { Sysbench, WORKLOADS } from './sysbench.ts'
import { WireClient } from './wire-client.ts'

/** Who logs in at the database. */
const LOGIN = { user: 'bench', password: 'bench secret' } as const

/** MySQL 9, beside HAProxy. */
export const MYSQL: Engine = {
  name: 'mysql',
  databaseName: 'MySQL 9.7',
  peerName: 'HAProxy',
  loadName: '`sysbench`',
  latencyOf: 'point select or a transaction',
  policy: POLICY,
  throughputTarget: { to: 'relay', least: 0.95 },
  cpuTarget: null,
  rowFormats: ['text', 'binary'],
  workloads: (quick) =>
    WORKLOADS.flatMap((name) =>
      (quick ? [8] : [1, 8, 64]).map(
        // A transaction is made of what is measured alone, and of more.
        (clients): Workload => ({ name, clients, ...(name.startsWith('read') ? { lessRounds: true } : {}) }),
      ),
    ),
  profiled: WORKLOADS.map((name) => ({ name, clients: 8 })),
  decisionTimer: 'mysql/decision-timer.ts',
  standIn: 'mysql/fake-upstream.ts',
  startDatabase,
  startPeer: ({ port }) => startHaproxy(port),
  connect: (address) => WireClient.connect(address),
}

async function startDatabase(): Promise<Database> {
  const server = await startMysql({
    version: 'mysql-9',
    settings: { 'max-connections': 2000, 'innodb-buffer-pool-size': '256M', 'performance-schema': 'OFF' },
    initSql: [
      `CREATE USER ${LOGIN.user}@'%' IDENTIFIED BY '${LOGIN.password}';`,
      `GRANT ALL ON *.* TO ${LOGIN.user}@'%';`,
    ].join('\n'),
  })
  try {
    const { port, pid, stop, tls } = server
    await createDatabase(server, TARGET, TABLES)
    const sysbench = await Sysbench.find()
    // Its login, which asks for the server's key, puts the account into the server's cache.
    await sysbench.initialise({ port, ...LOGIN, database: TARGET })
    return { port, pid, stop, login: LOGIN, caFile: tls?.caFile ?? null, load: sysbench }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Two tables alike, one with masks over it. */
const TABLES = `
SET SESSION cte_max_recursion_depth = 100000;
CREATE TABLE people_plain (id bigint PRIMARY KEY, name varchar(40) NOT NULL, email varchar(60) NOT NULL, ssn char(9) NOT NULL, age int NOT NULL, seen datetime NOT NULL);
INSERT INTO people_plain WITH RECURSIVE numbers AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM numbers WHERE id < 100000)
  SELECT id, concat('Ada Lovelace ', id), concat('person', id, '@example.com'), lpad(id, 9, '0'), id % 90, '2026-01-01' + INTERVAL id MINUTE FROM numbers;
CREATE TABLE people_masked AS SELECT * FROM people_plain;
ALTER TABLE people_masked ADD PRIMARY KEY (id);
CREATE TABLE orders (id bigint PRIMARY KEY, person bigint NOT NULL, total numeric(12, 2) NOT NULL, placed datetime NOT NULL);
CREATE TABLE order_items (order_id bigint NOT NULL, line int NOT NULL, article varchar(60) NOT NULL, price numeric(12, 2) NOT NULL);
ANALYZE TABLE people_plain, people_masked;
`
