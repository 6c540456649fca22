import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fetchDebianPackages } from './debian-packages.ts'
import type { Had } from './found.ts'
import { KEPT_SERVERS } from './private-folder.ts'

/** A Chromium, and the environment it is to be started with. */
export interface ChromiumProgram {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

const NAMES = ['chromium', 'chromium-headless-shell', 'chromium-browser', 'google-chrome'] as const

/**
 * The Chromium in GATEHOUSE_TEST_CHROMIUM, else one on the path, else Debian's headless shell unpacked into a private folder with its
 * libraries and two fonts, else absent.
 */
export async function findChromium(): Promise<Had<ChromiumProgram>> {
  const given = process.env['GATEHOUSE_TEST_CHROMIUM'] ?? ''
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  for (const command of given === '' ? onPath : [given]) {
    if (existsSync(command) && runs({ command, env: {} })) return { kind: 'program', program: { command, env: {} } }
  }
  const folder = join(KEPT_SERVERS, 'chromium')
  const fetched = await fetchDebianPackages({
    packages: [
      'chromium-headless-shell',
      'chromium-common',
      'fontconfig-config',
      'fonts-inter',
      'fonts-jetbrains-mono',
    ],
    folder,
    suite: null,
    // Chromium starts itself again, so it must run by the system's own loader, and with the libc that belongs to that.
    follow: (name) => /^(lib|zlib1g)/.test(name) && !/^(libc6|libc-bin|libgcc|libstdc)/.test(name),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no Chromium here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const program = {
    command: join(root, 'usr', 'lib', 'chromium', 'chromium-headless-shell'),
    env: { LD_LIBRARY_PATH: withSubfolders(libraryPath), FONTCONFIG_FILE: fontSettings(folder, root) },
  }
  return runs(program)
    ? { kind: 'program', program }
    : { kind: 'absent', reason: 'the unpacked Chromium does not run here' }
}

/** Some libraries have a folder of their own, which only their own run path names. */
function withSubfolders(libraryPath: string): string {
  return libraryPath
    .split(':')
    .flatMap((folder) => [folder, join(folder, 'pulseaudio')])
    .join(':')
}

/** Debian's own settings name the system's folders; these name the unpacked ones. */
function fontSettings(folder: string, root: string): string {
  const file = join(folder, 'fonts.conf')
  const cache = join(folder, 'font-cache')
  mkdirSync(cache, { recursive: true })
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/usr/share/fonts</dir><dir>${join(root, 'usr', 'share', 'fonts')}</dir><cachedir>${cache}</cachedir></fontconfig>\n`,
  )
  return file
}

function runs({ command, env }: ChromiumProgram): boolean {
  const said = spawnSync(command, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } })
  return said.status === 0 && /Chrom/.test(said.stdout)
}
