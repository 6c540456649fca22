import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { TrailDirectory } from '../fixtures/trail-directory.ts'

const SCRIPT = join(import.meta.dirname, '../fixtures/without-descriptors.ts')

test('a lock is known to be held when no descriptor is left; where that cannot be seen, the system’s own words say why', async () => {
  using directory = new TrailDirectory()
  const { stdout } = await promisify(execFile)('/bin/sh', [
    '-c',
    'ulimit -n 64; exec "$0" "$@"',
    process.execPath,
    SCRIPT,
    directory.path,
  ])
  expect(JSON.parse(stdout)).toEqual({
    untouched: 'held',
    rewritten: 'held',
    unreadable: expect.stringContaining('EMFILE: too many open files') as string,
    removed: expect.stringContaining('the lock file was removed') as string,
    lost: expect.stringContaining('the lock file was taken by another process') as string,
  })
})
