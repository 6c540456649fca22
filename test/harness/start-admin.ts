import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Admin, parseAdminConfig, startAdmin } from '@gatehouse/admin'
import type { Coordination } from '@gatehouse/coordination'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { AdminApi } from './admin-api.ts'

/** A real admin service in this process. */
export interface TestAdmin {
  /** Dana of group `dba`, who may approve and end sessions. */
  readonly dana: AdminApi
  readonly admin: Admin
  /** Where it listens, `host:port`. */
  readonly address: string
  readonly close: () => Promise<void>
}

/** The settings of a service without a page, on this port of 127.0.0.1: group `dba` approves and operates. */
export function adminSettings(issuer: LoopbackIssuer, port: number): Readonly<Record<string, unknown>> {
  return {
    address: `127.0.0.1:${String(port)}`,
    publicUrl: 'http://127.0.0.1:18443',
    issuers: [{ issuer: issuer.url, audience: 'gatehouse-admin', allowHttp: true }],
    roles: { approver: { groups: ['dba'] }, operator: { groups: ['dba'] }, auditor: {} },
    audit: { directory: 'trail' },
    requestsPerMinute: 100_000,
  }
}

/** A token of somebody in group `dba`. */
export function approverToken(issuer: LoopbackIssuer, subject: string): Promise<string> {
  return issuer.token({ sub: subject, azp: 'admin-tests', groups: ['dba'], aud: 'gatehouse-admin' })
}

/** Starts one that shares with gateways what `coordination` opens; `changes` over its settings. Close it in `afterAll`. */
export async function startTestAdmin(
  coordination: () => Promise<Coordination>,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<TestAdmin> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-admin-'))
  const issuer = await LoopbackIssuer.start([await createSigningKey('admin', 'ES256')])
  const loading = parseAdminConfig(stringify({ ...adminSettings(issuer, 0), ...changes }), folder, {})
  if (loading.kind === 'problems') throw new Error(JSON.stringify(loading.problems))
  const admin = await startAdmin(loading.config, pino({ level: 'silent' }), { coordination: await coordination() })
  return {
    dana: new AdminApi(`http://127.0.0.1:${String(admin.address.port)}`, await approverToken(issuer, 'dana')),
    admin,
    address: `127.0.0.1:${String(admin.address.port)}`,
    close: async () => {
      await admin.close()
      await issuer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
