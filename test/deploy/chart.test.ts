/** What the Helm chart renders, from the files that are kept (`scripts/render-chart.ts` makes them, and its test says whether they are current). */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { loadAdminConfig } from '@gatehouse/admin'
import { loadGatewayConfig } from '@gatehouse/gateway'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { makeAuthority } from '../servers/certificates.ts'

const root = resolve(import.meta.dirname, '../..')
const rendered = join(root, 'deploy/helm/rendered')
const sets = globSync('*.yaml', { cwd: rendered })
  .map((file) => basename(file, '.yaml'))
  .toSorted()

interface Container {
  readonly args: readonly string[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } }
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template?: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: Readonly<Record<string, unknown>>
        readonly containers: readonly Container[]
      }
    }
  }
}

const manifests = new Map(
  sets.map((set) => [
    set,
    parseAllDocuments(readFileSync(join(rendered, `${set}.yaml`), 'utf8'))
      .map((document) => document.toJS() as Manifest | null)
      .filter((one) => one !== null),
  ]),
)
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-chart-'))

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('three sets are rendered', () => {
  expect(sets).toEqual(['external-secrets', 'production', 'small'])
})

test('every object is what Kubernetes takes, and has no field that it does not know', () => {
  // Beside the packages of this folder, whose types it is held against.
  const place = mkdtempSync(join(root, '.gatehouse', 'chart-types-'))
  try {
    symlinkSync(join(root, 'test/node_modules'), join(place, 'node_modules'))
    const all = [...manifests].flatMap(([set, ones]) => ones.map((one) => ({ set, one })))
    const lines = all
      .filter(({ one }) => one.kind !== 'ExternalSecret')
      .flatMap(({ set, one }, index) => [
        `import type { I${one.kind} as T${String(index)} } from '${typesOf(one)}'`,
        `export const v${String(index)}: T${String(index)} = ${JSON.stringify(one)} // ${set} ${one.kind} ${one.metadata.name}`,
      ])
    expect(lines.length).toBeGreaterThan(60)
    writeFileSync(join(place, 'rendered.ts'), lines.join('\n'))
    writeFileSync(join(place, 'package.json'), '{"type":"module"}')
    const args = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      'rendered.ts',
    ]
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: place, encoding: 'utf8' })
    expect(stdout).toBe('')
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})

describe.each(sets)('With the values %s', (set) => {
  const objects = manifests.get(set) ?? []
  const pods = objects.flatMap((one) =>
    one.spec?.template === undefined ? [] : [{ one, pod: one.spec.template.spec }],
  )

  test('the gateway and the admin service would start with their configuration', () => {
    for (const [file, load] of [
      ['gateway.yaml', loadGatewayConfig],
      ['admin.yaml', loadAdminConfig],
    ] as const) {
      const text = objects.flatMap((one) => one.data?.[file] ?? [])[0]
      if (text === undefined) {
        expect({ set, file }).toEqual({ set: 'small', file: 'admin.yaml' })
        continue
      }
      const place = layFiles(text)
      writeFileSync(join(place, file), text.replaceAll(/(?<=[\s:])\/(?=etc|run|var)/g, `${place}/`))
      const loading = load(join(place, file), {})
      expect(loading.kind === 'problems' ? loading.problems : []).toEqual([])
    }
  })

  test('every file its configurations name is mounted', () => {
    for (const { one, pod } of pods) {
      const [container] = pod.containers
      const config = basename(container?.args.at(-1) ?? '')
      const text = objects.flatMap((object) => object.data?.[config] ?? [])[0] ?? ''
      const paths = [...text.matchAll(/(?<=[\s:])\/(?:etc|run|var)\/\S+/g)].map(([path]) => path)
      expect(paths.length, one.metadata.name).toBeGreaterThan(3)
      const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? []
      expect(paths.filter((path) => !mounts.some((mount) => path.startsWith(`${mount}/`)))).toEqual([])
    }
  })

  test('pods are what the profile restricted asks for, and write to their volume alone', () => {
    expect(pods.length).toBeGreaterThan(0)
    for (const { pod } of pods) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      for (const container of pod.containers)
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
    }
  })

  test('a pod is given longer than its gateway drains, and a balancer keeps its connections as long', () => {
    const config = objects.flatMap((one) => one.data?.['gateway.yaml'] ?? [])[0] ?? ''
    const drainSeconds = Number(/^drainSeconds: (\d+)$/m.exec(config)?.[1])
    const gateway = pods.find(({ one }) => one.metadata.name === 'gatehouse-gateway')
    expect(gateway?.pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainSeconds + 5)
    expect(gateway?.pod.containers[0]?.readinessProbe.httpGet.path).toBe('/readyz')
    const attributes = objects.flatMap((one) =>
      Object.entries(one.metadata.annotations ?? {}).flatMap(([name, value]) =>
        name.endsWith('target-group-attributes') ? [value] : [],
      ),
    )
    for (const one of attributes) expect(one).toContain(`deregistration_delay.timeout_seconds=${String(drainSeconds)},`)
    expect(attributes.length).toBe(config.includes('proxyProtocol') ? 1 : 0)
  })

  test('no Secret is made, and nothing secret is in the clear', () => {
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([])
    const configurations = objects.flatMap((one) => [one.data?.['gateway.yaml'] ?? '', one.data?.['admin.yaml'] ?? ''])
    const secret = /^\s*(?:password|maskingKey|signingKey|clientSecret|sessionKey|url): .*$/gm
    const said = configurations.flatMap((text) => text.match(secret) ?? [])
    expect(said.length).toBeGreaterThan(0)
    expect(said.filter((line) => !line.includes(': file:/run/secrets/'))).toEqual([])
  })
})

/** Where the types of an object are. */
function typesOf({ apiVersion, kind }: Manifest): string {
  const home = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models'
  return `${home}/${apiVersion}/${kind}`
}

/** A folder with every file that a configuration names: a certificate, its key, a policy, something long for the rest. */
function layFiles(text: string): string {
  const place = mkdtempSync(join(folder, 'root-'))
  const { certificate, key } = makeAuthority().forServer(['localhost'])
  const contents: Readonly<Record<string, string>> = {
    'tls.crt': certificate,
    'tls.key': key,
    'policy.yaml': readFileSync(join(root, 'deploy/examples/policy.yaml'), 'utf8'),
    'signing-key': generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    url: 'postgres://trail:secret@trail.example.com/trail',
  }
  for (const [path] of text.matchAll(/(?<=[\s:])\/(?:etc|run)\/\S+/g)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), contents[basename(path)] ?? 'x'.repeat(43))
  }
  return place
}
