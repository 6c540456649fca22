import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
mkdirSync(join(root, '.gatehouse'), { recursive: true })
const kept = mkdtempSync(join(root, '.gatehouse', 'packages-test-'))

beforeAll(() => {
  const script = join(root, 'scripts/release/build.ts')
  execFileSync(process.execPath, [script, 'packages', join(kept, 'packages')], { stdio: ['ignore', 'pipe', 'inherit'] })
}, 60_000)

afterAll(() => {
  rmSync(kept, { recursive: true, force: true })
})

describe.each(['core', 'mysql-wire', 'postgres-wire'])('The library %s', (name) => {
  test('has a manifest that publint finds nothing in, and no test in it', async () => {
    const { messages, pkg } = await publint({ pkgDir: join(kept, 'packages', name), strict: true, pack: false })
    expect(messages.map((message) => formatMessage(message, pkg as object))).toEqual([])
    const files = readdirSync(join(kept, 'packages', name), { recursive: true }).map(String)
    expect(
      files.filter((file) => /\.test\.|fixtures/.test(file) || (file.endsWith('.ts') && !file.endsWith('.d.ts'))),
    ).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']))
  })

  test('is imported by Node as it is published, and typed for who imports it', () => {
    const [from, sample = ''] = [join(kept, 'packages', name), importIn(join(kept, 'packages', name, 'README.md'))]
    const user = mkdtempSync(join(kept, 'user-'))
    const place = join(user, 'node_modules/@gatehouse', name)
    cpSync(from, place, { recursive: true })
    symlinkSync(join(root, 'packages', 'core', 'node_modules'), join(place, 'node_modules'))
    writeFileSync(join(user, 'package.json'), '{"type":"module"}')
    const imported = /\{ (?<names>[^}]+) \}/.exec(sample)?.groups?.['names'] ?? ''
    writeFileSync(
      join(user, 'use.mjs'),
      `${sample}\nif (typeof ${imported} !== 'function') throw new Error('no ${imported}')\n`,
    )
    execFileSync(process.execPath, [join(user, 'use.mjs')])
    writeFileSync(join(user, 'use.ts'), `${sample}\nexport const used: () => void = ${imported} as never\n`)
    const args = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      '',
    ]
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), [...args, 'use.ts'], {
      cwd: user,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })
})

test('what is not published says so', () => {
  const manifests = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'package.json')),
  )
  const open = manifests.map((file) => JSON.parse(readFileSync(file, 'utf8')) as { name: string; private?: boolean })
  expect(open.filter((one) => one.private !== true).map((one) => one.name)).toEqual([
    '@gatehouse/core',
    '@gatehouse/mysql-wire',
    '@gatehouse/postgres-wire',
  ])
})

test('every changeset names packages that there are', () => {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/changeset'), ['status'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(`${stdout}${stderr}`).not.toContain('Error')
  expect(status).toBe(0)
})

function importIn(readme: string): string | undefined {
  return /^import .*$/m.exec(readFileSync(readme, 'utf8'))?.[0]
}
