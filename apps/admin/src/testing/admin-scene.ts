import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_SHIPPING } from '@gatehouse/configuration'
import type { ApprovalRequest, Coordination } from '@gatehouse/coordination'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { pino } from 'pino'
import { type Admin, startAdmin } from '../admin.ts'
import type { AdminConfig } from '../config/admin-config.ts'
import type { Explain } from '../ports.ts'

/** What the service said: its status and its JSON. */
export interface Said {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> & {
    readonly error?: { readonly code: string; readonly message: string }
  }
  readonly headers: Headers
}

/** A real service on a loopback port, with a real issuer and a gateway's view of what they share. */
export interface AdminScene {
  readonly url: string
  readonly issuer: LoopbackIssuer
  /** As a gateway sees it. */
  readonly coordination: Coordination
  /** What services and gateways share. */
  readonly hub: MemoryHub
  readonly trailDirectory: string
  readonly tokens: Readonly<Record<'approver' | 'secondApprover' | 'operator' | 'auditor' | 'nobody', string>>
  readonly call: (method: string, path: string, token: string | null, body?: unknown) => Promise<Said>
  readonly stop: () => Promise<void>
}

/** Starts one; `changes` over its configuration, or what makes them for its issuer. `open`: whence each party has what is shared; default: this process's memory. */
export async function startAdminScene(
  changes: Partial<AdminConfig> | ((issuer: LoopbackIssuer) => Partial<AdminConfig>) = {},
  explain: Explain | null = null,
  hub: MemoryHub = new MemoryHub(),
  open: () => Promise<Coordination> = () => openMemoryCoordination(hub),
): Promise<AdminScene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-admin-'))
  const issuer = await LoopbackIssuer.start([await createSigningKey('k1', 'ES256')])
  const trailDirectory = join(folder, 'trail')
  const config: AdminConfig = {
    serviceId: 'admin-1',
    address: { host: '127.0.0.1', port: 0 },
    tls: null,
    trustedProxies: [],
    publicUrl: 'http://127.0.0.1:18443',
    issuers: [issuer.config({ audience: ['gatehouse-admin'] })],
    roles: {
      approver: { groups: ['dba'], subjects: [] },
      operator: { groups: ['sre'], subjects: [] },
      auditor: { groups: [], subjects: ['audrey@*'] },
    },
    login: null,
    backChannelLogout: null,
    coordination: { kind: 'memory' },
    channels: [],
    linkKey: null,
    formerLinkKeys: [],
    audit: {
      directory: trailDirectory,
      syncMilliseconds: 0,
      signingKey: null,
      checkpoints: { everySeconds: 60, files: [], webhooks: [] },
      shipping: NO_SHIPPING,
      retention: { recordsDays: null, recordingsDays: null, databaseDays: null },
    },
    trails: [],
    trailDatabase: null,
    verifyingKeyFiles: [],
    policyFile: null,
    catalogsDirectory: null,
    maxGrantSeconds: 3600,
    requestsPerMinute: 100_000,
    credentials: null,
    log: { level: 'fatal', collector: null },
    ...(typeof changes === 'function' ? changes(issuer) : changes),
  }
  const coordination = await open()
  const admin: Admin = await startAdmin(config, pino({ level: 'silent' }), {
    coordination: await open(),
    explain,
  })
  const url = `http://127.0.0.1:${admin.address.port}`
  const token = (sub: string, groups: readonly string[]): Promise<string> =>
    issuer.token({ sub, groups, azp: 'cli', aud: 'gatehouse-admin' })
  return {
    url,
    issuer,
    coordination,
    hub,
    trailDirectory,
    tokens: {
      approver: await token('dana@example.com', ['dba']),
      secondApprover: await token('erin@example.com', ['dba']),
      operator: await token('sam@example.com', ['sre']),
      auditor: await token('audrey@example.com', []),
      nobody: await token('nina@example.com', ['ai-agents']),
    },
    call: (method, path, bearer, body) => call(url, method, path, bearer, body),
    stop: async () => {
      await admin.close()
      await coordination.close()
      await issuer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function call(url: string, method: string, path: string, token: string | null, body?: unknown): Promise<Said> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, body: isJson ? (JSON.parse(text) as Said['body']) : {}, headers: response.headers }
}

/** A question as a gateway puts it: Alice's copilot wants to change an order. */
export function question(changes: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    key: `key-${Math.random()}`,
    principal: {
      issuer: 'https://login.example.com',
      subject: 'alice@example.com',
      actor: 'copilot',
      groups: ['ai-agents'],
    },
    target: 'shop',
    engine: 'postgres',
    statement: {
      text: "update orders set status = 'paid' where id = 7",
      parameters: [],
      fingerprint: 'f1',
      actions: ['select', 'update'],
      relations: ['public.orders'],
      doings: ['select on public.orders', 'update', 'update on public.orders'],
      settings: {},
      unmasked: [],
    },
    risk: 2_000_000_001,
    estimatedRows: 1,
    rules: ['writes-need-a-human'],
    by: [{ rule: 'writes-need-a-human', groups: ['dba'], subjects: [] }],
    approvalsNeeded: 1,
    graceSeconds: 900,
    history: [{ at: 1_700_000_000_000, text: 'select 1', outcome: 'ran' }],
    ...changes,
  }
}

/** Asks, with nobody waiting; gives the request's id. */
export async function ask(coordination: Coordination, request: ApprovalRequest = question()): Promise<string> {
  const outcome = await coordination.approvals.ask(request, null, { pendingPerPrincipal: 100, coolDownSeconds: 60 })
  if (outcome.kind !== 'asked') throw new Error(`nobody was asked: ${outcome.kind}`)
  return outcome.id
}
