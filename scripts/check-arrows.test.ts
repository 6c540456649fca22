import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { findBreaks } from './check-arrows.ts'

function breaksIn(files: Readonly<Record<string, string>>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-arrows-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    return findBreaks(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test('a planted cycle is found, type imports included', () => {
  const breaks = breaksIn({
    'packages/core/src/a.ts': "import { b } from './deep/b.ts'\nexport const a = b",
    'packages/core/src/deep/b.ts': "import { c } from '../c.ts'\nexport const b = c",
    'packages/core/src/c.ts': "import type {\n  A,\n} from './a.ts'\nexport const c: A = 1",
    'packages/core/src/d.ts': "import { a } from './a.ts'\nexport const d = a",
  })
  expect(breaks).toEqual([
    'cycle: packages/core/src/a.ts -> packages/core/src/deep/b.ts -> packages/core/src/c.ts -> packages/core/src/a.ts',
  ])
})

test('arrows between packages go one way', () => {
  const breaks = breaksIn({
    'packages/core/src/a.ts': "import type { X } from '@gatehouse/postgres-wire'",
    'packages/postgres-wire/src/a.ts': "export { x } from '@gatehouse/core'",
    'packages/audit-trail/src/a.ts': "import { x } from '@gatehouse/core'",
    'packages/sql-analysis/src/a.ts': "import { type X } from '@gatehouse/core'",
    'packages/sql-analysis/src/b.ts': "import type { X } from '@gatehouse/core'",
    'apps/gateway/src/a.ts': "const admin = await import('@gatehouse/admin')",
    'apps/admin/src/a.ts': "import '@gatehouse/gateway'",
    'apps/cli/src/a.ts': "import { x } from '@gatehouse/gateway'\nimport { y } from '@gatehouse/core'",
  })
  expect(breaks).toEqual([
    'apps/admin/src/a.ts: admin may not import gateway',
    'apps/gateway/src/a.ts: gateway may not import admin',
    'packages/core/src/a.ts: core may not import postgres-wire',
    'packages/postgres-wire/src/a.ts: postgres-wire may not import core',
    'packages/sql-analysis/src/a.ts: sql-analysis may import only types of core: write `import type`',
  ])
})

test('nobody reaches into a package, or goes in by its own front door', () => {
  const breaks = breaksIn({
    'packages/core/src/index.ts': "export { a } from './a.ts'",
    'packages/core/src/a.ts': "import { b } from './index.ts'\nimport { c } from '@gatehouse/core'",
    'packages/core/src/a.test.ts': "import { a } from './index.ts'",
    'apps/gateway/src/a.ts':
      "import { a } from '@gatehouse/core/src/a.ts'\nimport { b } from '../../../packages/core/src/a.ts'",
  })
  expect(breaks).toEqual([
    'apps/gateway/src/a.ts: imports packages/core/src/a.ts of another package by its path; import the package',
    'apps/gateway/src/a.ts: reaches into @gatehouse/core/src/a.ts; import what the package exports',
    'cycle: packages/core/src/a.ts -> packages/core/src/index.ts -> packages/core/src/a.ts',
    'packages/core/src/a.ts: imports its own package by name (@gatehouse/core)',
    "packages/core/src/a.ts: imports its own package's index.ts; import the file that has it",
  ])
})

test('a test may use the servers; what it tests may not', () => {
  const use = "import { startPostgres } from '../../../test/servers/postgres.ts'"
  expect(breaksIn({ 'apps/gateway/src/a.test.ts': use, 'apps/gateway/src/b.ts': use })).toEqual([
    'apps/gateway/src/b.ts: imports test/servers/postgres.ts of another package by its path; import the package',
  ])
})

test('the pure packages touch no socket, file, clock or environment; comments, strings and tests may speak of them', () => {
  const breaks = breaksIn({
    'packages/core/src/a.ts':
      "import { readFileSync } from 'node:fs'\nexport const now = Date.now()\nexport const home = process.env['HOME']",
    'packages/postgres-wire/src/b.ts':
      "// Date.now() is an argument here\n/* process.env */ export const url = 'http://x' // new Date()",
    'packages/core/src/c.test.ts': "import { readFileSync } from 'node:fs'\nimport { helper } from './helper.ts'",
    'packages/core/src/helper.ts': "import { spawn } from 'node:child_process'",
    'apps/gateway/src/a.ts': "import { createServer } from 'node:net'",
  })
  expect(breaks).toEqual([
    "packages/core/src/a.ts: 'node:fs' has no place in core; take it as an argument",
    'packages/core/src/a.ts: Date.now has no place in core; take it as an argument',
    'packages/core/src/a.ts: process.env has no place in core; take it as an argument',
  ])
})

test('this repository keeps its arrows', () => {
  expect(findBreaks(resolve(import.meta.dirname, '..'))).toEqual([])
})
