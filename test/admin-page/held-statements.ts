import { randomUUID } from 'node:crypto'
import type { ApprovalRequest, Coordination, GatewayLease } from '@gatehouse/coordination'

const ISSUER = 'https://id.example.com'
const LIMITS = { pendingPerPrincipal: 50, coolDownSeconds: 60 }

/** What a question is about; the rest is as gateways ask. */
export interface Asked {
  readonly text: string
  readonly action: string
  readonly relation: string
  /** 0 to 4, as `riskOf` has them. Default: 2. */
  readonly level?: number
  readonly rows?: number | null
  readonly subject?: string
  readonly actor?: string | null
  readonly target?: string
  readonly engine?: 'postgres' | 'mysql'
  readonly parameters?: readonly (string | null)[]
  readonly reads?: readonly string[]
  readonly approvals?: number
  readonly history?: ApprovalRequest['history']
}

export function question(asked: Asked): ApprovalRequest {
  const { text, action, relation, level = 2, rows = null, reads = [], parameters = [] } = asked
  const writes = action === 'delete' ? 'deletes-need-two' : 'writes-need-a-person'
  return {
    key: randomUUID(),
    principal: {
      issuer: ISSUER,
      subject: asked.subject ?? 'ada@example.com',
      actor: asked.actor === undefined ? 'support-copilot' : asked.actor,
      groups: ['analysts', 'eu'],
    },
    target: asked.target ?? 'shop',
    engine: asked.engine ?? 'postgres',
    statement: {
      text,
      parameters,
      fingerprint: `f-${text.length.toString(16)}`,
      actions: [...new Set([action, ...(reads.length > 0 ? ['select'] : [])])].sort(),
      relations: [...new Set([relation, ...reads])].sort(),
      doings: [action, `${action} on ${relation}`, ...reads.map((read) => `select on ${read}`)].sort(),
      settings: {},
      unmasked: [],
    },
    risk: level * 1_000_000_000 + (rows ?? 0),
    estimatedRows: rows,
    rules: [writes],
    by: [{ rule: writes, groups: ['dba', 'shop-leads'], subjects: [] }],
    approvalsNeeded: asked.approvals ?? 1,
    graceSeconds: 900,
    history: asked.history ?? [],
  }
}

/** A session of the gateway puts a question and holds; its id and the request's. */
export async function hold(
  coordination: Coordination,
  gateway: GatewayLease,
  asked: ApprovalRequest,
  clientAddress = '10.4.1.17:53412',
): Promise<{ readonly id: string; readonly session: string }> {
  const session = await connect(gateway, asked, clientAddress)
  const outcome = await coordination.approvals.ask(asked, { session, gateway: gateway.id, holdSeconds: 290 }, LIMITS)
  if (outcome.kind !== 'asked') throw new Error(`the question was not put: ${outcome.kind}`)
  await gateway.update([{ id: session, state: 'held', since: Date.now(), approval: outcome.id }])
  return { id: outcome.id, session }
}

/** A session that is connected and does nothing. */
export async function connect(
  gateway: GatewayLease,
  { principal, target, engine }: Pick<ApprovalRequest, 'principal' | 'target' | 'engine'>,
  clientAddress: string,
): Promise<string> {
  const session = `s-${randomUUID().slice(0, 8)}`
  const entered = await gateway.enter(
    {
      id: session,
      gateway: gateway.id,
      principal,
      target,
      engine,
      credential: null,
      clientAddress,
      applicationName: engine === 'postgres' ? 'psycopg' : 'mysql-connector-python',
      startedAt: Date.now() - 1_260_000,
      state: 'idle',
      since: Date.now() - 4_000,
      approval: null,
      statements: 42,
      cancelKey: { processId: Math.floor(Math.random() * 2 ** 31), secretHash: '' },
    },
    { sessionsPerPrincipal: 100 },
  )
  if (entered.kind !== 'entered') throw new Error(`the session was not let in: ${entered.kind}`)
  return session
}
