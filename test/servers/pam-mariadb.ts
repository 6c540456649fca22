import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findMariadb10 } from './mariadb-10.ts'
import { type MysqlServer, startOwn } from './mysql.ts'

/** The service of PAM that accounts name: `IDENTIFIED VIA pam USING 'gatehouse'`. */
export const PAM_SERVICE = 'gatehouse'

const SYSTEM_FOLDER = '/etc/pam.d'

/** Why no MariaDB that asks PAM can be had here; null: it can. */
export async function whyNoPamMariadb(): Promise<string | null> {
  const found = await findMariadb10()
  if (found.kind === 'absent') return found.reason
  if (found.kind === 'address') return 'the MariaDB of GATEHOUSE_TEST_MARIADB_10_11 asks its own PAM'
  // PAM reads the services of one folder alone. The server gets another one in its place, where the system lets us.
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return 'no mount namespace of its own can be made here'
  const modules = [
    '/lib/x86_64-linux-gnu/security',
    '/lib/aarch64-linux-gnu/security',
    '/lib/security',
    '/lib64/security',
  ]
  if (!existsSync(SYSTEM_FOLDER) || !modules.some((folder) => existsSync(join(folder, 'pam_exec.so'))))
    return 'there is no pam_exec'
  return null
}

/**
 * A MariaDB whose accounts of PAM take what `knows` takes: the server asks for a clear password (`mysql_clear_password`), PAM has a program
 * ask this process. PAM hands a program 511 bytes of a password at most. Throws where `whyNoPamMariadb` has a reason.
 */
export async function startPamMariadb(
  knows: (user: string, password: string) => Promise<boolean>,
  initSql: string,
): Promise<MysqlServer> {
  const found = await findMariadb10()
  if (found.kind !== 'program') throw new Error('there is no program')
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-pam-'))
  const asked = createServer((request, response) => {
    void text(request)
      .then((password) => knows(decodeURIComponent(String(request.headers['x-user'])), password))
      .then((known) => response.writeHead(known ? 200 : 403).end())
  })
  await new Promise<void>((resolve) => asked.listen(0, '127.0.0.1', resolve))
  const { port } = asked.address() as AddressInfo
  const program = join(folder, 'ask')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'ask.mjs')}'\n`)
  chmodSync(program, 0o755)
  writeFileSync(join(folder, 'ask.mjs'), askingProgram(port))
  const services = join(folder, 'pam.d')
  mkdirSync(services)
  const lines = [`auth required pam_exec.so quiet expose_authtok ${program}`, 'account required pam_permit.so']
  writeFileSync(join(services, PAM_SERVICE), `${lines.join('\n')}\n`)
  const { command, leading } = found.program
  const inPlace = `mount --bind "$0" ${SYSTEM_FOLDER} && exec "$@"`
  const unshared = ['--mount', '--propagation', 'private', 'sh', '-c', inPlace, services, command, ...leading]
  try {
    const server = await startOwn(
      { ...found.program, command: 'unshare', leading: unshared },
      {
        version: 'mariadb-10.11',
        settings: { 'plugin-load-add': 'auth_ed25519;auth_pam_v1', 'pam-use-cleartext-plugin': 'ON' },
        initSql,
      },
    )
    return {
      ...server,
      stop: async () => {
        await server.stop()
        asked.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    asked.close()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Its password ends with a NUL. */
function askingProgram(port: number): string {
  return `import { text } from 'node:stream/consumers'
const body = (await text(process.stdin)).replace(/\\0$/, '')
const headers = { 'x-user': encodeURIComponent(process.env.PAM_USER ?? '') }
const { ok } = await fetch('http://127.0.0.1:${String(port)}/', { method: 'POST', headers, body })
process.exit(ok ? 0 : 1)
`
}
