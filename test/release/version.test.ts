import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
mkdirSync(join(root, '.gatehouse'), { recursive: true })
const folder = mkdtempSync(join(root, '.gatehouse', 'version-test-'))
const checkout = join(folder, 'checkout')

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8')
const versionOf = (file: string): unknown => (JSON.parse(read(file)) as { readonly version?: unknown }).version

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!existsSync(join(root, '.git')))('A version that is cut', () => {
  let before: unknown = null
  beforeAll(() => {
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, checkout])
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
    writeFileSync(join(checkout, '.changeset/of-this-test.md'), "---\n'@gatehouse/cli': minor\n---\n\nThe sun rises.\n")
    before = versionOf('package.json')
    execFileSync(process.execPath, [join(checkout, 'scripts/release/cut-version.ts')], { stdio: 'pipe' })
  }, 120_000)

  test('is the next one in every manifest, the chart and the image', () => {
    const version = versionOf('package.json')
    expect(version).not.toBe(before)
    const manifests = ['packages', 'apps'].flatMap((room) =>
      readdirSync(join(checkout, room)).map((name) => `${room}/${name}/package.json`),
    )
    expect(manifests.filter((file) => versionOf(file) !== version)).toEqual([])
    expect(read('deploy/image/Dockerfile')).toContain(`\nARG VERSION=${String(version)}\n`)
    expect(read('deploy/helm/gatehouse/Chart.yaml')).toMatch(
      new RegExp(`^version: ${String(version)}$[^]*^appVersion: ${String(version)}$`, 'm'),
    )
  })

  test('has its section in the changelog, and its changesets are gone', () => {
    const [, section = ''] = read('CHANGELOG.md').split(/^## /m)
    expect(section).toMatch(new RegExp(`^${String(versionOf('package.json'))} \\(\\d{4}-\\d\\d-\\d\\d\\)\n`))
    expect(section).toContain('- **cli**: The sun rises.')
    expect(readdirSync(join(checkout, '.changeset')).filter((name) => name.endsWith('.md'))).toEqual(
      existsSync(join(root, '.changeset/README.md')) ? ['README.md'] : [],
    )
  })
})
