import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAdminConfig, startAdmin, type Admin } from '@gatehouse/admin'
import { formatProblems } from '@gatehouse/configuration'
import { type ApprovalRequest, type Coordination, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts')
let folder: string
let issuer: LoopbackIssuer
let admin: Admin
let coordination: Coordination
let url: string
let token: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-approvals-'))
  issuer = await LoopbackIssuer.start([await createSigningKey('k1', 'ES256')])
  const text = `address: 127.0.0.1:0
publicUrl: http://127.0.0.1:18443
issuers: [{ issuer: "${issuer.url}", audience: gatehouse-admin, allowHttp: true }]
roles: { approver: { groups: [dba] }, operator: { groups: [dba] }, auditor: {} }
audit: { directory: trail }
`
  const loading = parseAdminConfig(text, folder, {})
  if (loading.kind === 'problems') throw new Error(formatProblems('admin.yaml', loading.problems))
  const hub = new MemoryHub()
  coordination = await openMemoryCoordination(hub)
  admin = await startAdmin(loading.config, pino({ level: 'silent' }), {
    coordination: await openMemoryCoordination(hub),
  })
  url = `http://127.0.0.1:${admin.address.port}`
  token = await issuer.token({ sub: 'dana@example.com', azp: 'gatehouse-cli', groups: ['dba'], aud: 'gatehouse-admin' })
})
afterAll(async () => {
  await admin.close()
  await coordination.close()
  await issuer.close()
  rmSync(folder, { recursive: true })
})

function gatehouse(
  args: readonly string[],
  environment: Record<string, string> = { GATEHOUSE_TOKEN: token },
): Promise<{ status: number | null; out: string; errors: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, GATEHOUSE_ADMIN_URL: url, ...environment },
    })
    let out = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.once('close', (status) => resolve({ status, out, errors }))
  })
}

async function ask(text: string): Promise<string> {
  const request: ApprovalRequest = {
    key: `key-${Math.random()}`,
    principal: { issuer: 'i', subject: 'alice@example.com', actor: 'copilot', groups: ['ai-agents'] },
    target: 'shop',
    engine: 'postgres',
    statement: {
      text,
      parameters: ['7', null],
      fingerprint: 'f1',
      actions: ['update'],
      relations: ['public.orders'],
      doings: ['update', 'update on public.orders'],
      settings: {},
      unmasked: [],
    },
    risk: 1,
    estimatedRows: 12,
    rules: ['writes-need-a-human'],
    by: [{ rule: 'writes-need-a-human', groups: ['dba'], subjects: [] }],
    approvalsNeeded: 1,
    graceSeconds: 900,
    history: [],
  }
  const outcome = await coordination.approvals.ask(request, null, { pendingPerPrincipal: 100, coolDownSeconds: 60 })
  if (outcome.kind !== 'asked') throw new Error(outcome.kind)
  return outcome.id
}

describe('gatehouse approvals', () => {
  test('lists and shows what is held, with whatever would deceive a reader written out', async () => {
    const id = await ask("update orders set note = '\u001b[2J\u202eok' where id = $1")
    const listed = await gatehouse(['approvals', 'list'])
    expect(listed.status).toBe(0)
    expect(listed.out).toMatch(/^ID .*STATEMENT$/m)
    expect(listed.out).toMatch(
      new RegExp(`^${id} +pending +\\d+s +copilot for alice@example.com +shop +12 +update`, 'm'),
    )
    const shown = await gatehouse(['approvals', 'show', id])
    expect(shown.out).toContain("update orders set note = '\\u{1b}[2J\\u{202e}ok' where id = $1")
    expect(shown.out).toContain('$1 = 7\n$2 = NULL')
    expect(listed.out + shown.out).not.toMatch(/[\u001b\u202e]/)
  })

  test('approves, says when it was too late, and is recorded as the command line', async () => {
    const id = await ask('update orders set a = 1')
    expect(await gatehouse(['approvals', 'approve', id, '--reason', 'fine'])).toMatchObject({
      status: 0,
      out: `${id}: approved\n`,
    })
    expect(await coordination.approvals.get(id)).toMatchObject({ decisions: [{ through: 'cli', reason: 'fine' }] })
    const late = await gatehouse(['approvals', 'refuse', id, '--reason', 'no'])
    expect(late).toMatchObject({ status: 1, errors: `${id}: not refused; it is approved already.\n` })
  })

  test('refuses with a reason, and gives a grant with an approval', async () => {
    const refused = await ask('update orders set b = 1')
    expect((await gatehouse(['approvals', 'refuse', refused, '--reason', 'not today'])).out).toBe(
      `${refused}: refused\n`,
    )
    const granted = await ask('update orders set c = 1')
    const args = ['approvals', 'approve', granted, '--grant', 'fingerprint', '--seconds', '60', '--uses', '2']
    expect((await gatehouse(args)).status).toBe(0)
    expect(await coordination.grants.list()).toMatchObject([{ approval: granted, uses: 2 }])
  })

  test('says kindly what is wrong', async () => {
    const id = await ask('update orders set d = 1')
    const wrong = [
      [['approvals', 'show', 'nothing'], { GATEHOUSE_TOKEN: token }, 1, /^UNKNOWN_APPROVAL: There is no such request/],
      [['approvals', 'approve', id], { GATEHOUSE_TOKEN: 'x' }, 1, /^TOKEN_REFUSED/],
      [['approvals', 'approve', id], { GATEHOUSE_TOKEN: '' }, 2, /^Say who you are/],
      [['approvals', 'list', '--url', 'ftp://x'], { GATEHOUSE_TOKEN: token }, 2, /^Say where the admin service is/],
      [['approvals', 'list', '--url', 'http://127.0.0.1:9'], { GATEHOUSE_TOKEN: token }, 1, /was not reached/],
      [['approvals', 'refuse', id], { GATEHOUSE_TOKEN: token }, 2, /--reason/],
    ] as const
    await Promise.all(
      wrong.map(async ([args, environment, status, errors]) => {
        const said = await gatehouse(args, environment)
        expect(said.errors).toMatch(errors)
        expect(said.status).toBe(status)
      }),
    )
    expect(await coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
  })

  test('watches: what comes is shown within a second or so', async () => {
    const child = spawn(process.execPath, [main, 'approvals', 'watch'], {
      env: { ...process.env, GATEHOUSE_ADMIN_URL: url, GATEHOUSE_TOKEN: token },
    })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    try {
      await expect.poll(() => out).toContain('STATEMENT')
      const id = await ask('update orders set seen = 1')
      await expect.poll(() => out).toContain(id)
    } finally {
      child.kill()
    }
  })
})

describe('gatehouse sessions', () => {
  test('lists live sessions and ends one', async () => {
    const lease = await coordination.sessions.enlist('gateway')
    const ended: string[] = []
    coordination.messages.receive(lease.id, (message) => ended.push(message.session) > 0)
    const principal = { issuer: 'i', subject: 'alice@example.com', actor: 'copilot', groups: [] }
    const now = Date.now()
    await lease.enter(
      {
        id: 'session-1',
        gateway: lease.id,
        principal,
        target: 'shop',
        engine: 'postgres',
        credential: null,
        clientAddress: '10.0.0.1',
        applicationName: null,
        startedAt: now,
        state: 'held',
        since: now,
        approval: null,
        statements: 3,
        cancelKey: { processId: 1, secretHash: 'a'.repeat(64) },
      },
      { sessionsPerPrincipal: 10 },
    )
    const listed = await gatehouse(['sessions', 'list', '--subject', 'alice@example.com'])
    expect(listed.out).toMatch(/^session-1 +held +\d+s +copilot for alice@example.com +shop +3 +10\.0\.0\.1 /m)
    const file = join(folder, 'token')
    writeFileSync(file, `${token}\n`)
    const end = await gatehouse(['sessions', 'end', 'session-1', '--reason', 'wild', '--token-file', file], {})
    expect(end).toMatchObject({ status: 0, out: 'session-1: ended\n' })
    expect(ended).toEqual(['session-1'])
  })
})
