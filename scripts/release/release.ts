import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleCommand } from './bundle.ts'
import { buildPage } from '../../apps/admin/ui/build.ts'
import { changesIn, sectionOf, withSection } from './changelog.ts'
import { noticesOf } from './notices.ts'
import { packageAt, packagesIn } from './packages-in.ts'
import { billOfMaterials } from './sbom.ts'
import { settleModes } from './settle-modes.ts'

/** What a release is called, and how many packages of others are in it. */
export interface Release {
  readonly version: string
  readonly packages: number
}

/** Starts the command; says so where Node is too old to read the rest. */
const LAUNCHER = `#!/usr/bin/env node
const [major] = process.versions.node.split('.')
if (Number(major) < 24) {
  process.stderr.write('gatehouse needs Node 24 or newer; this is ' + process.version + '.\\n')
  process.exit(1)
}
await import('../lib/main.js')
`

/**
 * Builds the release of the `gatehouse` command into `folder`, which is emptied first: `bin/gatehouse`, its modules in `lib`, the page in
 * `lib/page`, schemas and examples in `share`, licence, notices, bill of materials, and a manifest, so that the folder is a package too.
 * The same sources give the same bytes. Throws when it cannot be whole.
 */
export async function buildRelease(root: string, folder: string): Promise<Release> {
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['bin', 'lib', 'share/schemas']) mkdirSync(join(folder, part), { recursive: true })
  const bundle = await bundleCommand(root, join(folder, 'lib'))
  const page = await buildPage(join(folder, 'lib/page'))
  writeFileSync(join(folder, 'bin/gatehouse'), LAUNCHER)
  chmodSync(join(folder, 'bin/gatehouse'), 0o755)

  for (const app of ['gateway', 'admin'])
    copyFileSync(join(root, `apps/${app}/config.schema.json`), join(folder, `share/schemas/${app}.schema.json`))
  cpSync(join(root, 'deploy/examples'), join(folder, 'share/examples'), { recursive: true })
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  const changes = changesIn(root)
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  const unreleased = changes.length === 0 ? changelog : withSection(changelog, sectionOf('Unreleased', changes))
  writeFileSync(join(folder, 'CHANGELOG.md'), unreleased)

  // Its glue and its WebAssembly are files beside the chunks, which the bundler does not count among the modules.
  const packages = packagesIn([
    ...bundle.modules,
    ...page,
    join(root, 'packages/sql-analysis/node_modules/libpg-query/package.json'),
  ])
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES'), noticesOf(packages))
  writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(root, packages))
  const manifest = releaseManifest(root)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(join(folder, 'README.md'), readme(manifest.version))
  settleModes(folder)
  return { version: manifest.version, packages: packages.length }
}

function releaseManifest(
  root: string,
): { readonly name: string; readonly version: string } & Readonly<Record<string, unknown>> {
  const read = (file: string): Readonly<Record<string, string>> =>
    JSON.parse(readFileSync(join(root, file), 'utf8')) as Readonly<Record<string, string>>
  const { version } = packageAt(join(root, 'apps/cli'))
  const { description, license, repository } = read('package.json')
  return {
    name: 'gatehouse',
    version,
    description,
    license,
    repository,
    type: 'module',
    bin: { gatehouse: 'bin/gatehouse' },
    exports: { './package.json': './package.json' },
    files: ['bin', 'lib', 'share', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES', 'sbom.cdx.json'],
    engines: { node: '>=24' },
    publishConfig: { access: 'public', provenance: true },
  }
}

function readme(version: string): string {
  return `# Gatehouse ${version}

The \`gatehouse\` command, whole: \`bin/gatehouse --help\`. It needs Node 24 or newer and nothing else.

- \`share/examples\`: a configuration and a policy to start from
- \`share/schemas\`: the JSON Schema of each service's configuration, for editors
- \`THIRD-PARTY-NOTICES\`, \`sbom.cdx.json\`: what of others is in it (CycloneDX)

\`gatehouse dev\` is not in it: that starts servers of its own, from a checkout (\`npm start\`).
`
}
