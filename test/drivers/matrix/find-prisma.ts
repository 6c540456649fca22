import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { putInPlace } from '../../servers/debian-packages.ts'
import type { Had } from '../../servers/found.ts'
import { KEPT_DRIVERS } from '../kept-drivers.ts'
import type { LoginProgram } from './driver.ts'

const run = promisify(execFile)
const VERSION = '7.10.0'
const PACKAGES = ['prisma', '@prisma/client', '@prisma/adapter-pg', '@prisma/adapter-mariadb']

/**
 * Prisma with its client for either engine, made once from the npm registry alone and kept: its programs that would be fetched from elsewhere are
 * for migrations.
 */
export async function prisma(engine: 'postgresql' | 'mysql'): Promise<Had<LoginProgram>> {
  const folder = join(KEPT_DRIVERS, `prisma ${VERSION}`)
  try {
    if (!existsSync(folder)) await make(folder)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return {
      kind: 'absent',
      reason: `Prisma could not be made (${text.trim().split('\n').at(-1)?.slice(0, 200) ?? ''})`,
    }
  }
  const program = join(import.meta.dirname, 'programs', 'prisma.mjs')
  return { kind: 'program', program: { command: process.execPath, args: [program, folder, engine] } }
}

async function make(folder: string): Promise<void> {
  const beside = `${folder}.${randomUUID()}`
  mkdirSync(beside, { recursive: true })
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [name, VERSION]))
  writeFileSync(join(beside, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  for (const engine of ['postgresql', 'mysql']) {
    writeFileSync(
      join(beside, `${engine}.prisma`),
      `generator client {
  provider = "prisma-client"
  output   = "./${engine}"
}
datasource db {
  provider = "${engine}"
}
model Person {
  id  Int @id
  ssn String?
  @@map("people")
}
`,
    )
  }
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  await run('npm', ['install', ...options], { cwd: beside, timeout: 240_000 })
  // A schema engine that is named is not fetched.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
  const command = join(beside, 'node_modules', 'prisma', 'build', 'index.js')
  for (const engine of ['postgresql', 'mysql'])
    await run(process.execPath, [command, 'generate', '--schema', `${engine}.prisma`], {
      cwd: beside,
      env,
      timeout: 60_000,
    })
  putInPlace(beside, folder)
}
