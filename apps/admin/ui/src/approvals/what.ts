import type { Approval, Identity } from '../api/answers.ts'

/** What a statement is about, in a line: `update on public.orders`, with how many more things it does. */
export function headline({ request }: Approval): string {
  const { doings, actions } = request.statement
  const told = doings.filter((doing) => doing.includes(' on ') && !doing.startsWith('select on '))
  const first = told[0] ?? doings.find((doing) => doing.includes(' on ')) ?? doings[0] ?? actions.join(', ')
  const more = told.length - 1
  return more > 0 ? `${first} and ${String(more)} more` : first
}

/** Sessions that hold the statement now. */
export function waitingCount({ waiters }: Approval): number {
  return waiters.filter(({ state }) => state === 'waiting').length
}

/** When the first of those that hold gives up; null: nobody holds. */
export function firstTimeout({ waiters }: Approval): string | null {
  const untils = waiters.filter(({ state }) => state === 'waiting').map(({ until }) => until)
  return untils.toSorted()[0] ?? null
}

/** True when the request is the reader's own, as the one it would run for or as the agent that sent it. The service decides. */
export function isOwn({ request }: Approval, me: Identity): boolean {
  const names = ({ subject, actor }: Identity): readonly string[] =>
    [subject, ...(actor === null ? [] : [actor])].map((name) => name.normalize('NFKC').toLowerCase())
  return names(me).some((name) => names(request.principal).includes(name))
}

/** True when this human has said yes already. */
export function hasSaidYes({ decisions }: Approval, me: Identity): boolean {
  return decisions.some(
    ({ by, verdict }) => verdict === 'approve' && by.issuer === me.issuer && by.subject === me.subject,
  )
}
