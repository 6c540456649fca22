import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { debianProgram } from '../servers/debian-program.ts'
import { ServerAbsent } from '../servers/found.ts'

const deploy = resolve(import.meta.dirname, '../../deploy')

/** The first time its packages are fetched. */
const FETCH_MILLISECONDS = 300_000

test('ShellCheck finds nothing in the shell scripts of deploy', { timeout: FETCH_MILLISECONDS }, async ({ skip }) => {
  const { command, leading } = await debianProgram('shellcheck', 'usr/bin/shellcheck').catch((error: unknown) => {
    if (error instanceof ServerAbsent) return skip(error.message)
    throw error
  })
  const scripts = globSync(['**/*.sh', 'debian/*'], { cwd: deploy }).filter((file) => !file.includes('made/'))
  expect(scripts.length).toBeGreaterThan(4)
  const { stdout, status } = spawnSync(command, [...leading, ...scripts.map((file) => join(deploy, file))], {
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})
