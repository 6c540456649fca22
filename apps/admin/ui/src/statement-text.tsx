import { type ReactNode, useMemo, useState } from 'react'
import { ODD_WORDS, piecesOf } from './text/characters.ts'
import { laidOut } from './text/sql-layout.ts'
import { type SqlEngine, type SqlToken, sqlTokens } from './text/sql-tokens.ts'

/** Longer statements are shown in part at first: lines, and characters. */
const FIRST_LINES = 40
const FIRST_CHARACTERS = 4_000
/** More white space than this between two tokens is named instead, so that nothing is pushed out of sight. */
const MOST_BLANKS = 40
const MOST_EMPTY_LINES = 3

/** A statement with colours, odd characters named, and line breaks where it had none. `onWhole` tells that all of it is shown. */
export function StatementText({
  text,
  engine,
  whole,
  onWhole,
}: {
  readonly text: string
  readonly engine: SqlEngine
  readonly whole: boolean
  readonly onWhole: () => void
}): ReactNode {
  const [formatted, setFormatted] = useState(() => !text.trim().includes('\n'))
  const sent = useMemo(() => sqlTokens(text, engine), [text, engine])
  const tokens = useMemo(() => (formatted ? laidOut(sent) : sent), [sent, formatted])
  const shown = whole ? tokens : firstOf(tokens)
  const rest = tokens.length - shown.length
  return (
    <figure className="statement">
      <div className="statement-views" role="group" aria-label="How the statement is shown">
        <button type="button" aria-pressed={formatted} onClick={() => setFormatted(true)}>
          Formatted
        </button>
        <button type="button" aria-pressed={!formatted} onClick={() => setFormatted(false)}>
          As sent
        </button>
      </div>
      <pre className="sql" tabIndex={0} role="region" aria-label="Statement">
        <code>
          {shown.map((token, index) => (
            <Token key={index} token={token} />
          ))}
        </code>
      </pre>
      {rest > 0 && (
        <button type="button" className="statement-rest" onClick={onWhole}>
          Show the whole statement: {text.split('\n').length.toLocaleString()} lines, {text.length.toLocaleString()}{' '}
          characters
        </button>
      )}
    </figure>
  )
}

/** The beginning of a statement in one line; `most`: characters. */
export function StatementLine({
  text,
  engine,
  most = 200,
}: {
  readonly text: string
  readonly engine: SqlEngine
  readonly most?: number
}): ReactNode {
  const tokens = useMemo(() => sqlTokens(text.slice(0, most).toWellFormed(), engine), [text, engine, most])
  return (
    <code className="sql-line">
      {tokens.map((token, index) =>
        token.kind === 'space' ? (
          ' '
        ) : (
          <Token key={index} token={{ ...token, text: token.text.replaceAll(/\s+/g, ' ') }} />
        ),
      )}
      {text.length > most && '…'}
    </code>
  )
}

/** True when all of it is shown from the start. */
export function isShort(text: string, engine: SqlEngine): boolean {
  const tokens = sqlTokens(text, engine)
  return firstOf(tokens).length === tokens.length && firstOf(laidOut(tokens)).length === laidOut(tokens).length
}

/** A text with its odd characters named; no colours. */
export function PlainText({ text }: { readonly text: string }): ReactNode {
  return piecesOf(text).map((piece, index) =>
    piece.kind === 'plain' ? (
      piece.text
    ) : (
      <mark key={index} className={`odd odd-${piece.kind}`} title={piece.tells}>
        <span className="hidden-words">{ODD_WORDS[piece.kind][0]} </span>
        {piece.label}
      </mark>
    ),
  )
}

function Token({ token }: { readonly token: SqlToken }): ReactNode {
  const { kind, text } = token
  if (kind === 'space') {
    const lines = text.split('\n').length - 1
    if (text.length <= MOST_BLANKS && lines <= MOST_EMPTY_LINES) return <PlainText text={text} />
    return (
      <mark className="odd odd-blank" title={`${String(text.length)} characters of white space`}>
        {lines > 0 ? `${String(lines)} line breaks` : `${String(text.length)} blanks`}
      </mark>
    )
  }
  return (
    <span className={`sql-${kind}`} title={kind === 'executed' ? 'MySQL runs what is in this comment' : undefined}>
      <PlainText text={text} />
    </span>
  )
}

function firstOf(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let lines = 0
  let characters = 0
  const end = tokens.findIndex(({ text }) => {
    lines += text.split('\n').length - 1
    characters += text.length
    return lines > FIRST_LINES || characters > FIRST_CHARACTERS
  })
  return end < 0 ? tokens : tokens.slice(0, end)
}
