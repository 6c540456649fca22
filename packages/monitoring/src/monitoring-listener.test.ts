import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { MonitoringListener } from './monitoring-listener.ts'
import type { Readiness } from './readiness.ts'

const READY: Readiness = { state: 'running', unready: [], warnings: [] }

let open: MonitoringListener | null = null
afterEach(() => open?.close())

async function listen(metrics: () => Promise<string>, readiness: () => Readiness = () => READY): Promise<string> {
  open = await MonitoringListener.open({ address: { host: '127.0.0.1', port: 0 }, tls: null, metrics, readiness })
  return `http://127.0.0.1:${String(open.address.port)}`
}

test('it says that the process lives, whether it is ready, and why not', async () => {
  let now: Readiness = READY
  const url = await listen(
    () => Promise.resolve('a 1\n'),
    () => now,
  )
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  now = { ...READY, state: 'draining', unready: [{ reason: 'draining', detail: '' }] }
  const answer = await fetch(`${url}/readyz`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toEqual(now)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const metrics = await fetch(`${url}/metrics`)
  expect(metrics.headers.get('content-type')).toContain('version=0.0.4')
  expect(await metrics.text()).toBe('a 1\n')
})

test('it serves nothing else, and takes nothing', async () => {
  const url = await listen(() => Promise.resolve(''))
  expect((await fetch(`${url}/`)).status).toBe(404)
  expect((await fetch(`${url}/metrics/../etc/passwd`)).status).toBe(404)
  expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405)
})

test('however many ask, it looks at the metrics once at a time', async () => {
  let looks = 0
  const gate = Promise.withResolvers<string>()
  const url = await listen(() => {
    looks++
    return gate.promise
  })
  const asked = Array.from({ length: 20 }, () => fetch(`${url}/metrics`).then((answer) => answer.text()))
  await vi.waitFor(() => expect(looks).toBe(1), 20_000)
  gate.resolve('same 1\n')
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['same 1\n']))
})

test('metrics that cannot be read are a 500 that tells nothing, and the next are read again', async () => {
  let fails = true
  const url = await listen(() => (fails ? Promise.reject(new Error('secret detail')) : Promise.resolve('a 1\n')))
  const answer = await fetch(`${url}/metrics`)
  expect(answer.status).toBe(500)
  expect(await answer.text()).not.toContain('secret')
  fails = false
  expect((await fetch(`${url}/metrics`)).status).toBe(200)
})

test('connections beyond the limit are closed, and those within are served', async () => {
  const url = await listen(() => Promise.resolve('a 1\n'))
  const { port } = new URL(url)
  const sockets: Socket[] = []
  for (let count = 0; count < 100; count++)
    sockets.push(connect(Number(port), '127.0.0.1').on('error', () => undefined))
  const closed = sockets.map((socket) => once(socket, 'close').then(() => 1))
  // 64 stay; all others are closed by the listener, without a word.
  let over = 0
  for (const one of closed) void one.then((count) => (over += count))
  await vi.waitFor(() => expect(over).toBe(36), 20_000)
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(async () => expect((await fetch(`${url}/healthz`)).status).toBe(200), 20_000)
})
