import { type ReactNode, useState } from 'react'
import { Dialog } from '../dialog.tsx'
import { hashOf } from '../route.ts'
import { PlainText, StatementText } from '../statement-text.tsx'
import type { FoundRecord } from './records.ts'
import { stateOf } from './statement-state.ts'

/** All that a record says, and the way to its moment in the session's replay. */
export function FoundDetails({
  found,
  onClose,
}: {
  readonly found: FoundRecord | null
  readonly onClose: () => void
}): ReactNode {
  return (
    <Dialog open={found !== null} title="Record" onClose={onClose}>
      {found !== null && <Details key={found.record.hash} found={found} />}
    </Dialog>
  )
}

function Details({ found }: { readonly found: FoundRecord }): ReactNode {
  const [whole, setWhole] = useState(false)
  const { record, outcome, gateway } = found
  const { session, statement, engine = 'postgres' } = record
  return (
    <div className="trail-details">
      <p>
        <span className={`state state-${stateOf(found).state}`}>{stateOf(found).word}</span>{' '}
        <span className="dim">
          number {record.seq.toLocaleString()} of {gateway}
        </span>
      </p>
      {statement?.text !== undefined && (
        <StatementText text={statement.text} engine={engine} whole={whole} onWhole={() => setWhole(true)} />
      )}
      {session !== undefined && (
        <a
          className="button primary"
          href={hashOf(
            'trail',
            session,
            record.kind === 'intent' || record.kind === 'approval_asked' ? `at=${String(record.seq)}` : '',
          )}
        >
          Replay the session{statement?.text !== undefined && ' from here'}
        </a>
      )}
      <h3>As it is recorded</h3>
      <pre className="record-text" tabIndex={0} role="region" aria-label="The record">
        <PlainText text={recordText(record)} />
      </pre>
      {outcome !== null && (
        <>
          <h3>What became of it</h3>
          <pre className="record-text" tabIndex={0} role="region" aria-label="The outcome">
            <PlainText text={recordText(outcome)} />
          </pre>
        </>
      )}
    </div>
  )
}

function recordText(record: object): string {
  return JSON.stringify(record, (name, value: unknown) => (name === 'text' ? undefined : value), 2)
}
