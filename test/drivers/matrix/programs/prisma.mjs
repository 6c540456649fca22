// Prisma's client on its adapters of node-postgres and of MariaDB's driver. Arguments: where it was made, and `postgresql` or `mysql`.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { logins } from './logins.mjs'

const [folder, engine] = process.argv.slice(2)
const require = createRequire(join(folder, 'package.json'))
const { PrismaClient } = await import(join(folder, engine, 'client.ts'))
const { PrismaPg } = require('@prisma/adapter-pg')
const { PrismaMariaDb } = require('@prisma/adapter-mariadb')

await logins(async ({ way, host, port, target, user, secret, ca, cert, key }) => {
  const Adapter = engine === 'postgresql' ? PrismaPg : PrismaMariaDb
  // shown: begin
  // Adapter: PrismaPg of @prisma/adapter-pg, or PrismaMariaDb of @prisma/adapter-mariadb
  const options = { host, port, database: target, user, password: secret, ssl: { ca } }
  // A client certificate, with any password.
  const certified = { ...options, ssl: { ca, cert, key } }
  const open = (given) => new PrismaClient({ adapter: new Adapter(given) })
  // shown: end
  const unsaid = { ...options, ssl: undefined, acquireTimeout: 2000 }
  const prisma = open({ bare: unsaid, off: unsaid, certificate: certified }[way] ?? options)
  // It connects with the first statement.
  const ssn = await prisma.person.findUnique({ where: { id: 1 } }).then(
    (person) => person.ssn,
    async (error) => {
      await prisma.$disconnect()
      throw error
    },
  )
  return {
    value: (sql) => (sql.startsWith('SELECT') ? Promise.resolve(ssn) : prisma.$executeRawUnsafe(sql)),
    close: () => prisma.$disconnect(),
  }
})
