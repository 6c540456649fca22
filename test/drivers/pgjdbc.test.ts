import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { findPgjdbc, javaProgram } from './java.ts'
import { asLines, testsOfProgram } from './programs.ts'
import { openShop, type Shop } from './shop.ts'

const { postgres18, postgres15 } = inject('servers')
const java = await findPgjdbc()

describe('pgjdbc', () => {
  if (java.kind === 'absent') return test.skip(java.reason, () => undefined)
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop('drivers_pgjdbc', postgres18.address, 'absent' in postgres15 ? undefined : postgres15.address)
  })
  afterAll(() => shop.close())

  const program = { ...javaProgram(java.program, 'PgjdbcChecks.java'), write: asLines }
  testsOfProgram(program, () => shop.handover(), [
    'logs in with the token as password and reads',
    'logs in over TLS with the certificate verified in full',
    'is told when the token is wrong',
    'takes the target behind a plus in the user name',
    'works on two targets at once',
    'works in each of its query modes',
    'gets the same rows as without the gateway, in text and binary',
    'carries parameters of many types, in text and binary',
    'prepares a statement on the server after some runs, and goes on with it',
    'describes parameters and columns',
    'reads the catalog as DatabaseMetaData',
    'reads with a fetch size: a portal row by row, masked, in text and binary',
    'reads 100,000 rows, masked',
    'writes and reads one value of 20 MiB',
    'commits and rolls back transactions, and savepoints within',
    'goes on after a refusal within a transaction, once rolled back',
    'goes on by itself after a refusal with autosave',
    'runs a batch',
    'runs a batch with rewritten inserts',
    'gets one error for a batch with a refused statement; the rest does not run, and the connection goes on',
    'is told who refused, why, and what to do instead',
    'is refused a script as a whole',
    'gets the errors of the server unchanged where nothing is masked',
    'gets notices and notifications where policy allows them',
    'is refused LISTEN and NOTIFY where no rule allows them',
    'sees every masked column masked, in text',
    'sees every masked column masked, in binary',
    'cannot get at a masked value by other roads',
    'updates through a result set, and never sees what is masked',
    'copies out and in',
    'copies masked columns out, masked; is refused where they cannot be, and goes on',
    'cancels a running statement',
    'cancels a running statement of a TLS connection',
    "cancels by the driver's own query timeout",
    'keeps statement_timeout, from the connection and from SET',
  ])
})
