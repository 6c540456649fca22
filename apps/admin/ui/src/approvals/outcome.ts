import type { Approval, DecideOutcome } from '../api/answers.ts'
import type { Notice } from '../notices.tsx'
import { waitingCount } from './what.ts'

/** What became of a decision, for the one who made it. */
export function outcomeNotice(outcome: DecideOutcome, verdict: 'approve' | 'refuse'): Notice {
  switch (outcome.kind) {
    case 'decided': {
      if (verdict === 'refuse') return { tone: 'plain', text: 'Refused. The client is told your reason.' }
      const text = waitingCount(outcome.approval) > 0 ? 'Approved: it runs now.' : 'Approved: good for one run.'
      return { tone: 'good', text }
    }
    case 'counted':
      return {
        tone: 'good',
        text: `Your yes counts: ${String(outcome.have)} of ${String(outcome.need)}. It runs when others say yes too.`,
      }
    case 'already':
      return { tone: 'bad', text: `It had ended before: ${endText(outcome.approval)}. Your decision changed nothing.` }
    case 'same_approver':
      return { tone: 'bad', text: 'You said yes before. Somebody else must say yes too.' }
    default:
      return {
        tone: 'bad',
        text: `Nothing was decided: ${String(outcome.waiters)} sessions wait now, more than you saw. Look again.`,
      }
  }
}

function endText({ state, decisions, endReason }: Approval): string {
  const by = decisions.at(-1)?.by.subject
  if ((state === 'approved' || state === 'refused') && by !== undefined) return `${state} by ${by}`
  return endReason === null ? state : `${state} (${endReason.replaceAll('_', ' ')})`
}
