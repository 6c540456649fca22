import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('a library of a cloud is loaded by the first lease, not by opening its source', async () => {
  expect(await askedFor([])).toEqual([])
  expect(await askedFor(['lease'])).toContain('@aws-sdk/rds-signer')
})

async function askedFor(args: readonly string[]): Promise<unknown> {
  const program = join(import.meta.dirname, 'libraries-asked-for.ts')
  const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'a secret key of the tests' }
  const env = { ...process.env, ...keys }
  return JSON.parse((await promisify(execFile)(process.execPath, [program, ...args], { env })).stdout)
}
