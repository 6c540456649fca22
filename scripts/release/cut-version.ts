/**
 * `npm run release:version`: makes the next version of what the changesets say. Writes its section into CHANGELOG.md, has changesets set the version
 * in every manifest and remove the changesets, and sets it in the chart and the Dockerfile. It commits nothing. docs/releasing.md has the rest.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { changesIn, sectionOf, withSection } from './changelog.ts'

const root = resolve(import.meta.dirname, '../..')
const changeset = join(root, 'node_modules/.bin/changeset')

const version = nextVersion()
const day = new Date().toISOString().slice(0, 10)
rewrite('CHANGELOG.md', (text) => withSection(text, sectionOf(`${version} (${day})`, changesIn(root))))
execFileSync(changeset, ['version'], { cwd: root, stdio: 'inherit' })
rewrite('package.json', (text) => text.replace(/^ {2}"version": ".*"/m, `  "version": "${version}"`))
rewrite('deploy/image/Dockerfile', (text) => text.replace(/^ARG VERSION=.*$/m, `ARG VERSION=${version}`))
rewrite('deploy/helm/gatehouse/Chart.yaml', (text) => text.replaceAll(/^(version|appVersion): .*$/gm, `$1: ${version}`))
console.log(
  `${version}: render the chart again (node scripts/render-chart.ts), look at the difference, commit, tag v${version}.`,
)

function nextVersion(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-version-'))
  try {
    const file = join(folder, 'status.json')
    // It takes a path from the checkout.
    execFileSync(changeset, ['status', '--output', relative(root, file)], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const { releases } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly releases: readonly { readonly name: string; readonly newVersion: string }[]
    }
    const found = releases.find(({ name }) => name === '@gatehouse/cli')
    if (found === undefined) throw new Error('there is no changeset: nothing to release')
    return found.newVersion
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8')))
}
