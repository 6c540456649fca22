import { randomUUID } from 'node:crypto'
import type { ApprovalRequest } from '../approval/approval.ts'
import type { AskLimits, NewDecision, NewWaiter } from '../approval/approvals.ts'
import type { SessionRecord } from '../sessions.ts'

export const LIMITS: AskLimits = { pendingPerPrincipal: 20, coolDownSeconds: 60 }

/** A question of a principal of its own, but for what is given. */
export function question(over: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    key: randomUUID(),
    principal: { issuer: 'https://idp', subject: randomUUID(), actor: 'copilot', groups: ['ai-agents'] },
    target: 'shop',
    engine: 'postgres',
    statement: {
      text: "UPDATE orders SET state = 'paid' WHERE id = $1",
      parameters: ['7'],
      fingerprint: 'f00d',
      actions: ['update'],
      relations: ['public.orders'],
      doings: ['update', 'update on public.orders'],
      settings: {},
      unmasked: [],
    },
    risk: 10,
    estimatedRows: 1,
    rules: ['writes-need-a-human'],
    by: [{ rule: 'writes-need-a-human', groups: ['dba'], subjects: [] }],
    approvalsNeeded: 1,
    graceSeconds: 900,
    history: [],
    ...over,
  }
}

export function waiter(over: Partial<NewWaiter> = {}): NewWaiter {
  return { session: 's1', gateway: 'g1', holdSeconds: 120, ...over }
}

export function yes(subject = 'dana', reason: string | null = null): NewDecision {
  return { by: { issuer: 'https://idp', subject, actor: null }, verdict: 'approve', reason, through: 'page' }
}

export function no(subject = 'dana', reason: string | null = 'not on a Friday'): NewDecision {
  return { ...yes(subject, reason), verdict: 'refuse' }
}

export function session(over: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    gateway: '',
    principal: { issuer: 'https://idp', subject: randomUUID(), actor: 'copilot', groups: ['ai-agents'] },
    target: 'shop',
    engine: 'postgres',
    credential: null,
    clientAddress: '127.0.0.1',
    applicationName: null,
    startedAt: Date.now(),
    state: 'idle',
    since: Date.now(),
    approval: null,
    statements: 0,
    cancelKey: { processId: 1 + Math.floor(Math.random() * 2_000_000_000), secretHash: 'ab'.repeat(32) },
    ...over,
  }
}
