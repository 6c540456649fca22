import { type ReactNode, useState } from 'react'
import { PlainText } from '../statement-text.tsx'
import type { AnswerBlock, ResultBlock } from './answer-blocks.ts'
import type { ShownText } from './records.ts'

const ROWS_AT_ONCE = 50
const SHORT_CELL = 160

/** What came back for a statement, as its client saw it. */
export function Answers({ blocks }: { readonly blocks: readonly AnswerBlock[] }): ReactNode {
  if (blocks.length === 0) return <p className="dim">Nothing is recorded of it.</p>
  return blocks.map((block, index) => <Block key={index} block={block} />)
}

function Block({ block }: { readonly block: AnswerBlock }): ReactNode {
  switch (block.kind) {
    case 'result':
      return <Result result={block} />
    case 'copy':
      return (
        <div className="answer-copy">
          <h3>{block.direction === 'out' ? 'Copied out' : 'Copied in'}</h3>
          <pre>
            <Text text={block.text} />
          </pre>
        </div>
      )
    case 'done':
      return (
        <p className="answer-done dim">
          <PlainText text={block.text} />
        </p>
      )
    case 'report':
      return (
        <div className={`note ${/^(?:ERROR|FATAL|PANIC)$/.test(block.severity) ? 'answer-error' : 'answer-notice'}`}>
          <p>
            <strong>
              <PlainText text={`${block.severity} ${block.code}`} />
            </strong>{' '}
            <PlainText text={block.message} />
          </p>
          {block.detail !== null && (
            <p>
              <span className="dim">detail</span> <PlainText text={block.detail} />
            </p>
          )}
          {block.hint !== null && (
            <p>
              <span className="dim">hint</span> <PlainText text={block.hint} />
            </p>
          )}
        </div>
      )
    case 'notification':
      return (
        <p>
          notification on <PlainText text={block.channel} />: <PlainText text={block.payload} />
        </p>
      )
    case 'missing':
      return (
        <p className="note note-warn">
          {block.bytes.toLocaleString()} bytes are not shown: <PlainText text={block.why} />
        </p>
      )
    default:
      throw block satisfies never
  }
}

function Result({ result: { names, rows } }: { readonly result: ResultBlock }): ReactNode {
  const [first, setFirst] = useState(0)
  const shown = rows.slice(first, first + ROWS_AT_ONCE)
  return (
    <div className="result">
      <div className="result-place" tabIndex={0} role="region" aria-label="Result">
        <table>
          {names.length > 0 && (
            <thead>
              <tr>
                {names.map((name, index) => (
                  <th key={index} scope="col">
                    <PlainText text={name} />
                  </th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>
            {shown.map((cells, row) => (
              <tr key={first + row}>
                {cells.map((cell, index) => (
                  <td key={index}>
                    <Cell cell={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && <p className="dim">No rows.</p>}
      {rows.length > ROWS_AT_ONCE && (
        <p className="result-pages">
          <button type="button" disabled={first === 0} onClick={() => setFirst(Math.max(0, first - ROWS_AT_ONCE))}>
            Rows before
          </button>
          <span className="dim">
            rows {(first + 1).toLocaleString()} to {Math.min(rows.length, first + ROWS_AT_ONCE).toLocaleString()} of{' '}
            {rows.length.toLocaleString()} that are loaded
          </span>
          <button
            type="button"
            disabled={first + ROWS_AT_ONCE >= rows.length}
            onClick={() => setFirst(first + ROWS_AT_ONCE)}
          >
            Rows behind
          </button>
        </p>
      )}
    </div>
  )
}

function Cell({ cell }: { readonly cell: ShownText | null }): ReactNode {
  if (cell === null) return <span className="cell-null">NULL</span>
  if (cell === '') return <span className="cell-null">empty</span>
  return <Text text={cell} />
}

/** A text of a stranger: a long one is cut, and opened by a click. */
function Text({ text }: { readonly text: ShownText }): ReactNode {
  const [open, setOpen] = useState(false)
  const whole = typeof text === 'string' ? text : text.text
  const left = typeof text === 'string' ? 0 : text.left
  if (whole.length <= SHORT_CELL && left === 0) return <PlainText text={whole} />
  return (
    <>
      <PlainText text={open ? whole : whole.slice(0, SHORT_CELL).toWellFormed()} />
      {open ? (
        left > 0 && <span className="dim"> … {left.toLocaleString()} characters more are in the export</span>
      ) : (
        <button type="button" className="cell-more" onClick={() => setOpen(true)}>
          … {(whole.length - SHORT_CELL + left).toLocaleString()} more
        </button>
      )}
    </>
  )
}
