import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { expect, inject, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { ALLOW_ALL, targetOf } from '../postgres/scene.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { freePort } from '../servers/local-tools.ts'

const { postgres18 } = inject('servers')
const COMMAND = join(import.meta.dirname, '../../apps/cli/src/main.ts')
/** Enough to start with, and for a few sessions. */
const DESCRIPTORS = 160

test.skipIf('absent' in postgres18)(
  'a gateway that runs out of descriptors says so once, goes on with the sessions it has, and lets others in when there are some again',
  async () => {
    if ('absent' in postgres18) return
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-files-'))
    const issuer = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
    const port = await freePort()
    const { password, ...target } = targetOf(postgres18.address, 'postgres')
    writeFileSync(join(folder, 'policy.yaml'), ALLOW_ALL)
    writeFileSync(
      join(folder, 'gateway.yaml'),
      stringify({
        listeners: {
          postgres: {
            address: `127.0.0.1:${String(port)}`,
            allowClearTextPasswordOnLoopback: true,
            handshakeTimeoutSeconds: 300,
          },
        },
        issuers: [{ issuer: issuer.url, audience: 'gatehouse', allowHttp: true }],
        // oxlint-disable-next-line no-template-curly-in-string
        targets: { shop: { engine: 'postgres', ...target, password: '${PASSWORD}', tls: { mode: 'disable' } } },
        policyFile: 'policy.yaml',
        // oxlint-disable-next-line no-template-curly-in-string
        maskingKey: '${MASKING_KEY}',
        audit: { directory: 'trail' },
      }),
    )
    const limited = `ulimit -n ${String(DESCRIPTORS)}; exec "$0" "$@"`
    const child = spawn(
      '/bin/sh',
      ['-c', limited, process.execPath, COMMAND, 'gateway', '--config', join(folder, 'gateway.yaml')],
      {
        env: { PATH: process.env['PATH'], PASSWORD: password, MASKING_KEY: 'a masking key for tests, 32 characters' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let log = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (log += piece))
    const times = (text: string): number => log.split(text).length - 1
    const enter = async (): Promise<WireClient> =>
      WireClient.login({ host: '127.0.0.1', port }, { database: 'shop', password: await issuer.token({}) })
    const silent: Socket[] = []
    try {
      await vi.waitFor(() => expect(log).toContain('gateway is listening'), 20_000)
      expect(log).toContain('raise it, or lower maxConnections')
      const session = await enter()
      for (let at = 0; at < DESCRIPTORS + 20; at++) {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => undefined)
        silent.push(socket)
        await once(socket, 'connect')
      }
      await vi.waitFor(() => expect(times('too few file descriptors are left')).toBe(1), 20_000)
      await expect(enter()).rejects.toThrow()
      expect(await session.rows('SELECT 1')).toEqual([['1']])
      for (const socket of silent) socket.destroy()
      await vi.waitFor(async () => (await enter()).destroy(), 20_000)
      await vi.waitFor(() => expect(times('there are file descriptors again')).toBe(1), 20_000)
      expect(times('too few file descriptors are left')).toBe(1)
      expect(await session.rows('SELECT 2')).toEqual([['2']])
      session.destroy()
    } finally {
      for (const socket of silent) socket.destroy()
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      child.kill('SIGTERM')
      await ended
      await issuer.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
  120_000,
)
