import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { CredentialUnavailable } from '../credential-source.ts'
import { leaseRequest } from '../testing/lease-request.ts'
import { type CommandConfig, commandSchema, openCommand } from './command.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-command-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const never = new AbortController().signal

/** A program of its own, in a language that every machine has. */
function program(script: string, settings: Partial<CommandConfig> = {}): CommandConfig {
  const path = join(folder, `program-${Math.random()}`)
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 })
  return {
    source: 'command',
    command: [path],
    environment: [],
    timeoutSeconds: 20,
    atOnce: 4,
    cache: false,
    ...settings,
  }
}

async function failureOf(config: CommandConfig, signal: AbortSignal = never): Promise<CredentialUnavailable> {
  return (await openCommand(config)
    .lease(leaseRequest({ user: 'app' }), signal)
    .catch((error: unknown) => error)) as CredentialUnavailable
}

test('what it prints is the credential; it is told which, and of the environment no more than that', async () => {
  vi.stubEnv('GATEHOUSE_TEST_SECRET', 'not for it')
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const config = program(
    `printf '{"user":"%s","password":"%s"}' "$GATEHOUSE_TARGET-$GATEHOUSE_PORT" "\${GATEHOUSE_TEST_SECRET-none}"`,
  )
  const lease = await openCommand(config).lease(leaseRequest(), never)
  expect([lease.user, lease.password?.expose().toString()]).toEqual(['shop-5432', 'none'])
  const named = { ...config, environment: ['GATEHOUSE_TEST_SECRET'] }
  expect((await openCommand(named).lease(leaseRequest(), never)).password?.expose().toString()).toBe('not for it')
})

test('no shell reads its arguments', async () => {
  const { command } = program(`printf '{"user":"u","password":"%s"}' "$1"`)
  const config = program('', { command: [...command, '$(id);`id`'] })
  expect((await openCommand(config).lease(leaseRequest(), never)).password?.expose().toString()).toBe('$(id);`id`')
})

test.each([
  ['fails', 'echo secret-in-it; echo secret-in-it >&2; exit 3', /status 3 \(13 bytes on standard error\)/],
  ['prints no JSON', 'echo secret-in-it', /not JSON/],
  ['prints without end', 'while :; do echo secret-in-it; done', /more than/],
  ['prints what has expired', `echo '{"password":"secret-in-it","expiresAt":"2020-01-01T00:00:00Z"}'`, /expired/],
])('a command that %s gives none, and nothing of what it prints is told', async (_what, script, detail) => {
  const failure = await failureOf(program(script))
  expect(failure.detail).toMatch(detail)
  expect(failure.message + failure.detail).not.toContain('secret-in-it')
})

test('one that takes too long is killed, with what it started', async () => {
  const pid = join(folder, 'pid')
  const config = program(`sleep 300 & echo $! > ${pid}; wait`, { timeoutSeconds: 1 })
  expect((await failureOf(config)).detail).toMatch(/killed/)
  const started = Number(readFileSync(pid, 'utf8'))
  await vi.waitFor(() => expect(isRunning(started)).toBe(false), 20_000)
})

test('so many run at once, and others wait their turn, or leave', async () => {
  const log = join(folder, 'at-once')
  writeFileSync(log, '')
  const script = `echo + >> ${log}; sleep 0.2; echo - >> ${log}; echo '{"user":"u","password":"p"}'`
  const source = openCommand(program(script, { atOnce: 2 }))
  const leave = new AbortController()
  const left = expect(
    Promise.all(Array.from({ length: 2 }, () => source.lease(leaseRequest(), never))).then(() =>
      source.lease(leaseRequest(), leave.signal),
    ),
  ).rejects.toThrow()
  const others = Array.from({ length: 4 }, () => source.lease(leaseRequest(), never))
  leave.abort()
  await Promise.all([left, ...others])
  let running = 0
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    running += line === '+' ? 1 : -1
    expect(running).toBeLessThanOrEqual(2)
  }
})

test('what is kept is asked for once, until shortly before it expires', async () => {
  const count = join(folder, 'count')
  writeFileSync(count, '')
  const printed = (expiresAt: string): string =>
    `echo . >> ${count}; echo '{"user":"u","password":"p","expiresAt":"${expiresAt}"}'`
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
  const source = openCommand(program(printed(inAnHour), { cache: true }))
  const [first, second] = await Promise.all([source.lease(leaseRequest(), never), source.lease(leaseRequest(), never)])
  await first.release()
  expect(second.password?.expose().toString()).toBe('p')
  expect(readFileSync(count, 'utf8')).toBe('.\n')
  const soon = openCommand(program(printed(new Date(Date.now() + 20_000).toISOString()), { cache: true }))
  await soon.lease(leaseRequest(), never)
  await soon.lease(leaseRequest(), never)
  expect(readFileSync(count, 'utf8')).toBe('.\n.\n.\n')
})

test('a program that cannot be run stops the start', () => {
  const settings = (command: string[]): unknown => ({ source: 'command', command })
  expect(commandSchema(folder).safeParse(settings(['/bin/sh'])).success).toBe(true)
  for (const command of [[], ['sh'], ['/etc/passwd'], ['/bin']])
    expect(commandSchema(folder).safeParse(settings(command)).success).toBe(false)
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Where nobody buries it, it stays as a name without a program.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
