import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { testsOfProgram } from './programs.ts'
import { findPythonDriver, pythonProgram } from './python.ts'
import { openShop, type Shop } from './shop.ts'

const { postgres18, postgres15 } = inject('servers')
const python = await findPythonDriver({
  module: 'asyncpg',
  requirements: ['asyncpg==0.32.0'],
  debian: ['python3-asyncpg'],
})

describe('asyncpg', () => {
  if (python.kind === 'absent') return test.skip(python.reason, () => undefined)
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop(
      'drivers_asyncpg',
      postgres18.address,
      'absent' in postgres15 ? undefined : postgres15.address,
    )
  })
  afterAll(() => shop.close())

  testsOfProgram(pythonProgram(python.program, 'asyncpg_checks.py'), () => shop.handover(), [
    'logs in with the token as password and reads',
    'logs in over TLS with the certificate verified in full',
    'is told when the token is wrong',
    'takes the target behind a plus in the user name',
    'works on two targets at once',
    'gets the same rows as without the gateway',
    'carries parameters of many types',
    'prepares a statement and runs it again and again',
    'works without its cache of prepared statements',
    'runs executemany as one pipeline, and a failure in it undoes all',
    'is refused executemany as a whole',
    'commits and rolls back transactions, and savepoints within',
    'goes on after a refusal within a transaction, once rolled back',
    'goes on within a transaction after a refusal within a savepoint',
    'gets one error for a script with a refused statement, and nothing of it runs',
    'is told who refused, why, and what to do instead',
    'sees every masked column masked',
    'cannot get at a masked value by other roads',
    'reads through a cursor in pieces (portal row limits), masked',
    'skips rows of a cursor and reads on',
    'copies out and in',
    'copies masked columns out, masked; is refused where they cannot be, and goes on',
    'cancels a running statement',
    'cancels a running statement over TLS',
    'keeps statement_timeout, from the connection and from SET',
    'reads 100,000 rows, masked',
    'writes and reads one value of 20 MiB',
    'gets the errors of the server unchanged where nothing is masked',
    'gets notices and notifications where policy allows them',
    'is refused LISTEN and NOTIFY where no rule allows them',
    'works from its pool, which resets each connection',
  ])
})
