import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { PackageIn } from './packages-in.ts'

interface Reference {
  readonly type: string
  readonly hashes?: readonly object[]
}

interface Component {
  readonly 'bom-ref': string
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly externalReferences?: readonly Reference[]
}

interface Bom {
  readonly metadata: { readonly component: Component; readonly timestamp?: string }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
}

/**
 * The bill of materials (CycloneDX, JSON) of what is in the release: pnpm writes that of the workspace, of which the packages in the bundle
 * are kept, ours among them. What pnpm puts there of its own hour and place is taken out, so that the same release has the same bill.
 */
export function billOfMaterials(root: string, packages: readonly PackageIn[]): string {
  const written = execFileSync(
    join(root, 'node_modules/.bin/pnpm'),
    ['--filter', '@gatehouse/cli', 'sbom', '--prod', '--sbom-format', 'cyclonedx', '--sbom-spec-version', '1.6'].concat(
      ['--sbom-type', 'application'],
    ),
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, pnpm_config_pm_on_fail: 'ignore' },
    },
  )
  const { metadata, components, dependencies, ...rest } = JSON.parse(written) as Bom
  const wanted = new Set(packages.map(({ name, version }) => `${name}@${version}`))
  const kept = components.filter((one) => one.group === '@gatehouse' || wanted.has(fullName(one)))
  const missing = [...wanted].filter((name) => !kept.some((one) => fullName(one) === name))
  if (missing.length > 0) throw new Error(`the bill of materials lacks ${missing.join(', ')}`)
  const references = new Set([metadata.component, ...kept].map((one) => one['bom-ref']))
  const { timestamp: _, ...saidOfIt } = metadata
  const bill = {
    ...rest,
    metadata: saidOfIt,
    // pnpm has them in another order each time.
    components: kept.toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)).map(withoutPlace),
    dependencies: dependencies
      .filter(({ ref }) => references.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => references.has(one)).toSorted() }))
      .toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
  }
  return `${JSON.stringify({ ...bill, serialNumber: serialNumber(JSON.stringify({ ...bill, serialNumber: '' })) }, null, 2)}\n`
}

function fullName({ group, name, version }: Component): string {
  return `${group === undefined ? '' : `${group}/`}${name}@${version}`
}

/** Without the registry that this machine asked; the hashes of the package stay. */
function withoutPlace(component: Component): object {
  const { externalReferences = [], ...rest } = component
  const hashes = externalReferences.flatMap((one) => (one.type === 'distribution' ? (one.hashes ?? []) : []))
  return {
    ...rest,
    ...(hashes.length === 0 ? {} : { hashes }),
    externalReferences: externalReferences.filter((one) => one.type !== 'distribution'),
  }
}

/** A UUID (version 8) that follows from the text. */
function serialNumber(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex')
  return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
