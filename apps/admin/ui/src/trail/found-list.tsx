import { type ReactNode, useRef } from 'react'
import { useKeys } from '../keyboard.ts'
import { PlainText, StatementLine } from '../statement-text.tsx'
import { shortText } from '../text/moments.ts'
import type { FoundRecord } from './records.ts'
import { stateOf } from './statement-state.ts'

/** Records in a list, one line each; j and k go through it, Enter opens one. */
export function FoundList({
  records,
  onOpen,
}: {
  readonly records: readonly FoundRecord[]
  readonly onOpen: (found: FoundRecord) => void
}): ReactNode {
  const list = useRef<HTMLTableSectionElement>(null)
  const step = (by: 1 | -1): void => {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])]
    const at = buttons.findIndex((button) => button === document.activeElement)
    buttons[at < 0 ? 0 : Math.min(Math.max(at + by, 0), buttons.length - 1)]?.focus()
  }
  useKeys({ j: () => step(1), k: () => step(-1) })
  return (
    <div className="table-place">
      <table className="trail-table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">State</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Masked</th>
            <th scope="col">Rule</th>
          </tr>
        </thead>
        <tbody ref={list}>
          {records.map((found) => (
            <Row key={found.record.hash} found={found} onOpen={() => onOpen(found)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ found, onOpen }: { readonly found: FoundRecord; readonly onOpen: () => void }): ReactNode {
  const { record } = found
  const { masked = [], decision, target } = record
  const { word, state } = stateOf(found)
  return (
    <tr>
      <td data-name="Time" title={record.time}>
        {shortText(record.time)}
      </td>
      <td data-name="State">
        <span className={`state state-${state}`}>{word}</span>
        {record.kind === 'intent' && decision?.approval != null && <span className="dim"> after approval</span>}
      </td>
      <td data-name="Who">
        <Who found={found} />
        {target !== undefined && (
          <span className="dim">
            {' '}
            on <PlainText text={target} />
          </span>
        )}
      </td>
      <td data-name="What" className="trail-what">
        <button type="button" className="row-open" onClick={onOpen}>
          <What found={found} />
        </button>
      </td>
      <td data-name="Masked">
        <PlainText text={masked.join(', ')} />
      </td>
      <td data-name="Rule">{decision !== undefined && <PlainText text={decision.rule} />}</td>
    </tr>
  )
}

function Who({ found: { record } }: { readonly found: FoundRecord }): ReactNode {
  const by = record.principal ?? personOf(record.admin?.['by'])
  if (by === null) return null
  return (
    <>
      <PlainText text={by.subject} />
      {by.actor !== null && (
        <span className="dim">
          {' '}
          <PlainText text={by.actor} />
        </span>
      )}
    </>
  )
}

function What({ found: { record, gateway } }: { readonly found: FoundRecord }): ReactNode {
  const { statement, engine, admin, approval } = record
  if (statement?.text !== undefined) return <StatementLine text={statement.text} engine={engine ?? 'postgres'} />
  if (admin !== undefined)
    return <PlainText text={`${textIn(admin, 'action').replaceAll('_', ' ')}: ${textIn(admin, 'object')}`} />
  if (approval !== undefined)
    return <PlainText text={`${textIn(approval, 'verdict') || textIn(approval, 'state')} ${textIn(approval, 'id')}`} />
  return <PlainText text={record.session ?? `record ${String(record.seq)} of ${gateway}`} />
}

function textIn(of: Readonly<Record<string, unknown>>, name: string): string {
  const value = of[name]
  return typeof value === 'string' ? value : ''
}

function personOf(by: unknown): { readonly subject: string; readonly actor: string | null } | null {
  if (typeof by !== 'object' || by === null) return null
  const { subject, actor } = by as Readonly<Record<string, unknown>>
  return typeof subject === 'string' ? { subject, actor: typeof actor === 'string' ? actor : null } : null
}
