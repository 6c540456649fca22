import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pinnedNode } from './runtime.ts'
import { settleModes } from './settle-modes.ts'

/** A moment for files that have none of their own: the same release is the same archive. */
const EPOCH = '1980-01-01 00:00:00Z'
const DEBIAN_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * Makes `gatehouse-<version>-linux-<architecture>.tar.gz` in `folder`: the release with its Node and the units, to be unpacked anywhere;
 * `bin/gatehouse` runs on that Node. For this machine's architecture.
 */
export function makeTarball(root: string, release: string, folder: string): void {
  const name = `gatehouse-${versionOf(release)}-linux-${arch()}`
  within((place) => {
    const top = join(place, name)
    cpSync(release, join(top, 'lib/gatehouse'), { recursive: true })
    copyFileSync(pinnedNode(root), join(top, 'lib/gatehouse/node'))
    cpSync(join(root, 'deploy/systemd'), join(top, 'systemd'), { recursive: true })
    for (const file of ['LICENSE', 'THIRD-PARTY-NOTICES', 'README.md'])
      copyFileSync(join(release, file), join(top, file))
    writeProgram(
      join(top, 'bin/gatehouse'),
      `#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexec "$here/../lib/gatehouse/node" "$here/../lib/gatehouse/bin/gatehouse" "$@"\n`,
    )
    settleModes(top)
    mkdirSync(folder, { recursive: true })
    const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=${EPOCH}`]
    // gzip would write the hour of its own accord; as a filter it does not.
    execFileSync('tar', [...same, '-I', 'gzip -n -1', '-cf', join(folder, `${name}.tar.gz`), '-C', place, name])
  })
}

/**
 * Makes `gatehouse_<version>_<architecture>.deb` in `folder`: the release with its Node in `/usr/lib/gatehouse`, `/usr/bin/gatehouse`, the
 * units, their account; examples as documents. It starts nothing. Throws where there is no `dpkg-deb`.
 */
export function makeDebianPackage(root: string, release: string, folder: string): void {
  const version = versionOf(release)
  const architecture = DEBIAN_ARCHITECTURES[arch()] ?? arch()
  within((place) => {
    const home = join(place, 'usr/lib/gatehouse')
    cpSync(release, home, { recursive: true })
    copyFileSync(pinnedNode(root), join(home, 'node'))
    const units = join(place, 'lib/systemd/system')
    mkdirSync(units, { recursive: true })
    for (const service of ['gateway', 'admin'])
      copyFileSync(
        join(root, `deploy/systemd/gatehouse-${service}.service`),
        join(units, `gatehouse-${service}.service`),
      )
    mkdirSync(join(place, 'usr/lib/sysusers.d'), { recursive: true })
    copyFileSync(join(root, 'deploy/systemd/gatehouse.sysusers'), join(place, 'usr/lib/sysusers.d/gatehouse.conf'))
    writeProgram(join(place, 'usr/bin/gatehouse'), readFileSync(join(root, 'deploy/debian/gatehouse.sh'), 'utf8'))
    const documents = join(place, 'usr/share/doc/gatehouse')
    mkdirSync(documents, { recursive: true })
    const terms = [
      readFileSync(join(release, 'LICENSE'), 'utf8'),
      readFileSync(join(release, 'THIRD-PARTY-NOTICES'), 'utf8'),
    ]
    writeFileSync(join(documents, 'copyright'), terms.join('\n'))
    cpSync(join(release, 'share/examples'), join(documents, 'examples'), { recursive: true })
    const control = [
      'Package: gatehouse',
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      'Maintainer: The Gatehouse authors <gatehouse@example.com>',
      'Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1',
      'Section: database',
      'Priority: optional',
      'Description: gateway between AI coding agents and their databases',
      ' Every statement of an agent is read, decided and recorded before PostgreSQL or',
      ' MySQL sees it; every sensitive value is masked on the way back.',
    ]
    mkdirSync(join(place, 'DEBIAN'))
    writeFileSync(join(place, 'DEBIAN/control'), `${control.join('\n')}\n`)
    for (const script of ['postinst', 'prerm'])
      writeProgram(join(place, 'DEBIAN', script), readFileSync(join(root, 'deploy/debian', script), 'utf8'))
    settleModes(place)
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `gatehouse_${version}_${architecture}.deb`)
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', place, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(Date.parse(EPOCH) / 1000) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  })
}

function versionOf(release: string): string {
  return (JSON.parse(readFileSync(join(release, 'package.json'), 'utf8')) as { readonly version: string }).version
}

function writeProgram(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, 0o755)
}

function within(make: (place: string) => void): void {
  const place = mkdtempSync(join(tmpdir(), 'gatehouse-package-'))
  try {
    make(place)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
