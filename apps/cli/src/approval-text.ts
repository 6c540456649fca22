import * as z from 'zod'
import { age, terminalLine, terminalTable, terminalText } from './terminal-text.ts'

interface Person {
  readonly subject: string
  readonly actor: string | null
}

/** A request for approval, as far as it is written to a terminal. */
export interface TerminalApproval {
  readonly id: string
  readonly createdAt: string
  readonly state: string
  readonly endReason: string | null
  readonly request: {
    readonly principal: Person & { readonly groups: readonly string[] }
    readonly target: string
    readonly engine: string
    readonly statement: {
      readonly text: string
      readonly parameters: readonly (string | null)[]
      readonly doings: readonly string[]
      readonly settings: Readonly<Record<string, string>>
      readonly unmasked: readonly string[]
    }
    readonly risk: number
    readonly estimatedRows: number | null
    readonly rules: readonly string[]
    readonly approvalsNeeded: number
    readonly history: readonly { readonly at: string; readonly text: string; readonly outcome: string }[]
  }
  readonly decisions: readonly {
    readonly by: Person
    readonly verdict: string
    readonly reason: string | null
    readonly at: string
  }[]
  readonly waiters: readonly { readonly session: string; readonly state: string; readonly until: string }[]
}

const texts = z.array(z.string())
const person = z.object({ subject: z.string(), actor: z.string().nullable() })
const approval: z.ZodType<TerminalApproval> = z.object({
  id: z.string(),
  createdAt: z.string(),
  state: z.string(),
  endReason: z.string().nullable(),
  request: z.object({
    principal: person.extend({ groups: texts }),
    target: z.string(),
    engine: z.string(),
    statement: z.object({
      text: z.string(),
      parameters: z.array(z.string().nullable()),
      doings: texts,
      settings: z.record(z.string(), z.string()),
      unmasked: texts,
    }),
    risk: z.number(),
    estimatedRows: z.number().nullable(),
    rules: texts,
    approvalsNeeded: z.number(),
    history: z.array(z.object({ at: z.string(), text: z.string(), outcome: z.string() })),
  }),
  decisions: z.array(z.object({ by: person, verdict: z.string(), reason: z.string().nullable(), at: z.string() })),
  waiters: z.array(z.object({ session: z.string(), state: z.string(), until: z.string() })),
})

/** What `GET /v1/approvals` answers. */
export const approvalList: z.ZodType<{ readonly approvals: readonly TerminalApproval[] }> = z.object({
  approvals: z.array(approval),
})

/** What `GET /v1/approvals/ID` answers. */
export const oneApproval: z.ZodType<{ readonly approval: TerminalApproval }> = z.object({ approval })

/** What `POST …/approve` and `…/refuse` answer. */
export const decideOutcome: z.ZodType<{
  readonly kind: string
  readonly have?: number | undefined
  readonly need?: number | undefined
  readonly approval: TerminalApproval
}> = z.object({ kind: z.string(), have: z.number().optional(), need: z.number().optional(), approval })

/** A table of requests, highest risk first, newest first among equals. */
export function approvalTable(approvals: readonly TerminalApproval[], now: number, width: number): string {
  const sorted = [...approvals].sort(
    (one, other) => other.request.risk - one.request.risk || (one.createdAt < other.createdAt ? 1 : -1),
  )
  const rows = sorted.map(({ id, state, createdAt, request }) => [
    id,
    state,
    age(createdAt, now),
    terminalLine(whoText(request.principal), 40),
    terminalLine(request.target, 20),
    request.estimatedRows === null ? '?' : String(request.estimatedRows),
    terminalLine(request.statement.text, Math.max(20, width - 110)),
  ])
  return terminalTable([['ID', 'STATE', 'AGE', 'WHO', 'TARGET', 'ROWS', 'STATEMENT'], ...rows])
}

function settingLines(settings: Readonly<Record<string, string>>): readonly string[] {
  const lines = Object.entries(settings).map(([name, value]) => terminalLine(`${name} = ${value}`, 200))
  return lines.length === 0 ? [] : [`session    ${lines.join('\n           ')}`]
}

/** All that an approver should see before they decide. */
export function approvalCard(
  { id, createdAt, state, endReason, request, decisions, waiters }: TerminalApproval,
  now: number,
): string {
  const { principal, target, engine, statement, estimatedRows, rules, approvalsNeeded, history } = request
  const yes = decisions.filter(({ verdict }) => verdict === 'approve').length
  const waiting = waiters.filter((waiter) => waiter.state === 'waiting')
  const lines = [
    `request    ${id}, ${state}${endReason === null ? '' : ` (${terminalLine(endReason, 200)})`}, ${age(createdAt, now)} old`,
    `who        ${terminalLine(whoText(principal), 200)}; groups ${terminalLine(principal.groups.join(', '), 200)}`,
    `target     ${terminalLine(target, 100)} (${engine})`,
    `rules      ${terminalLine(rules.join(', '), 200)}; ${yes} of ${approvalsNeeded} approvals`,
    `does       ${statement.doings.map((doing) => terminalLine(doing, 200)).join('\n           ')}`,
    ...settingLines(statement.settings),
    `rows       ${estimatedRows === null ? 'not known' : `about ${estimatedRows}`}`,
    `waiting    ${waiting.length} session${waiting.length === 1 ? '' : 's'}`,
    ...(statement.unmasked.length === 0 ? [] : [`UNMASKED   ${terminalLine(statement.unmasked.join(', '), 500)}`]),
    '',
    terminalText(statement.text),
    '',
    ...statement.parameters.map(
      (value, index) => `$${index + 1} = ${value === null ? 'NULL' : terminalLine(value, 500)}`,
    ),
    ...history.map(({ at, text, outcome }) => `before: ${at} ${terminalLine(outcome, 40)}: ${terminalLine(text, 200)}`),
    ...decisions.map(
      ({ by, verdict, reason, at }) =>
        `${verdict}d by ${terminalLine(whoText(by), 100)} at ${at}${reason === null ? '' : `: ${terminalLine(reason, 500)}`}`,
    ),
  ]
  return lines.join('\n')
}

function whoText({ subject, actor }: Person): string {
  return actor === null ? subject : `${actor} for ${subject}`
}
