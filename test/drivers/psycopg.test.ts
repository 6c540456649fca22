import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { testsOfProgram } from './programs.ts'
import { findPythonDriver, pythonProgram } from './python.ts'
import { openShop, type Shop } from './shop.ts'

const { postgres18, postgres15 } = inject('servers')
const python = await findPythonDriver({
  module: 'psycopg',
  requirements: ['psycopg[binary]==3.3.9'],
  debian: ['python3-psycopg', 'python3-typing-extensions', 'libpq5'],
})

describe('psycopg', () => {
  if (python.kind === 'absent') return test.skip(python.reason, () => undefined)
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop(
      'drivers_psycopg',
      postgres18.address,
      'absent' in postgres15 ? undefined : postgres15.address,
    )
  })
  afterAll(() => shop.close())

  testsOfProgram(pythonProgram(python.program, 'psycopg_checks.py'), () => shop.handover(), [
    'logs in with the token as password and reads',
    'logs in over TLS with the certificate verified in full',
    'logs in over TLS from the first byte (sslnegotiation=direct)',
    'is told when the token is wrong',
    'takes the target behind a plus in the user name',
    'works on two targets at once',
    'gets the same rows as without the gateway, in text and binary',
    'carries parameters of many types, in text and binary',
    'prepares a statement and runs it again and again',
    'prepares by itself after some runs, and deallocates',
    'runs executemany as one batch',
    'answers a pipeline',
    'gets one error for a refusal within a pipeline; what follows is skipped, and the connection goes on',
    'keeps the results before a refusal in a pipeline, sync by sync',
    'commits and rolls back transactions, and savepoints within',
    'goes on after a refusal within a transaction, once rolled back',
    'goes on within a transaction after a refusal within a savepoint',
    'is told who refused, why, and what to do instead',
    'sees every masked column masked, in text',
    'sees every masked column masked, in binary',
    'sees every masked column masked from a prepared statement',
    'reads through a named cursor (DECLARE and FETCH), masked',
    'streams rows one by one, masked',
    'copies out and in, in text and binary',
    'abandons a COPY in the middle, and the connection goes on',
    'copies masked columns out, masked; is refused where they cannot be, and goes on',
    'cancels a running statement',
    'cancels a running statement over TLS',
    'keeps statement_timeout, from the connection and from SET',
    'reads 100,000 rows, masked',
    'writes and reads one value of 20 MiB, in text and binary',
    'gets the errors of the server unchanged where nothing is masked',
    'gets notices and notifications where policy allows them',
    'is refused LISTEN and NOTIFY where no rule allows them',
  ])
})
