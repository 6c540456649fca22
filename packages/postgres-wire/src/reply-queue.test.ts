import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameCursor } from './frame-cursor.ts'
import { BACKEND_LIMITS } from './frame-limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { ReplyQueue } from './reply-queue.ts'
import { Reply, RequestKind } from './request-kind.ts'

interface Line {
  readonly fromClient: boolean
  readonly tag: string
  readonly body: string
}

/** Recorded exchanges, one array of lines for each: see transcripts/record.ts for the format. */
function transcript(name: string): Line[][] {
  const text = readFileSync(new URL(`../transcripts/${name}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n\n')
    .map((exchange) =>
      exchange.split('\n').map((line) => {
        const body: unknown = JSON.parse(line.slice(4))
        if (typeof body !== 'string') throw new Error('a transcript line without a body')
        return { fromClient: line.startsWith('>'), tag: line.charAt(2), body }
      }),
    )
}

const KINDS: Record<string, RequestKind> = {
  Q: RequestKind.Query,
  F: RequestKind.FunctionCall,
  P: RequestKind.Parse,
  B: RequestKind.Bind,
  DS: RequestKind.DescribeStatement,
  DP: RequestKind.DescribePortal,
  E: RequestKind.Execute,
  C: RequestKind.Close,
  S: RequestKind.Sync,
  d: RequestKind.CopyData,
  c: RequestKind.CopyEnd,
  f: RequestKind.CopyEnd,
}

function kindOf(line: Line): RequestKind | undefined {
  return KINDS[line.tag === 'D' ? `D${line.body.charAt(0)}` : line.tag]
}

const isAsynchronous = (line: Line): boolean => 'NAS'.includes(line.tag)

/** Random exchanges were recorded request by request, so that who answers whom is known without a queue. */
interface Truth {
  readonly lines: readonly Line[]
  /** For each line of the server: the request that it answers, by its line number. */
  readonly owner: ReadonlyMap<number, number>
  /** For each line of the server: which statement of a Query it belongs to. */
  readonly statement: ReadonlyMap<number, number>
  /** Requests that nothing answered. */
  readonly unanswered: readonly number[]
  /** Requests that a client can only send once it has seen all replies before: a COPY's end is not its to foresee. */
  readonly waits: ReadonlySet<number>
}

function truthOf(lines: readonly Line[]): Truth {
  const owner = new Map<number, number>()
  const statement = new Map<number, number>()
  const waits = new Set<number>()
  let copy: number | undefined
  let copyUnended = false
  let asking = -1
  let statements = 0
  for (const [index, line] of lines.entries()) {
    if (line.fromClient) {
      if (copyUnended && !'Sdcf'.includes(line.tag)) waits.add(index)
      if ('cf'.includes(line.tag) || waits.has(index)) copyUnended = false
      if (copy !== undefined && 'Sdcf'.includes(line.tag)) asking = copy
      else {
        asking = index
        statements = 0
      }
      continue
    }
    owner.set(index, asking)
    statement.set(index, statements)
    if ('CI'.includes(line.tag) && lines[asking]?.tag === 'Q') statements++
    if (line.tag === 'G') {
      copy = asking
      copyUnended = true
    } else if ('CE'.includes(line.tag)) copy = undefined
  }
  const answered = new Set([...owner].filter(([index]) => !isAsynchronous(lines[index] ?? NOBODY)).map(([, o]) => o))
  const unanswered = [...lines.entries()]
    .filter(([index, line]) => line.fromClient && kindOf(line) !== undefined && !answered.has(index))
    .filter(([, line]) => !'Sdcf'.includes(line.tag))
    .map(([index]) => index)
  return { lines, owner, statement, unanswered, waits }
}
const NOBODY: Line = { fromClient: false, tag: '', body: '' }

/**
 * Replays an exchange, with the client up to `ahead()` requests ahead of the replies that it had when recorded. Returns the
 * skipped requests; undefined when the queue found a reply whose request cannot be known, and refused to go on.
 */
function replay(truth: Truth, ahead: () => number): number[] | undefined {
  try {
    return replayed(truth, ahead)
  } catch (error) {
    if (error instanceof ProtocolError && error.message.endsWith('cannot be known')) return undefined
    throw error
  }
}

function replayed(truth: Truth, ahead: () => number): number[] {
  const skipped: number[] = []
  const queue = new ReplyQueue<number>((_, about) => skipped.push(about))
  let sent = 0
  const send = (index: number): void => {
    const line = truth.lines[index]
    const kind = line?.fromClient === true ? kindOf(line) : undefined
    if (kind !== undefined) queue.push(kind, index)
  }
  for (const [index, line] of truth.lines.entries()) {
    for (; sent <= index; sent++) send(sent)
    for (let more = ahead(); more > 0 && sent < truth.lines.length && !truth.waits.has(sent); sent++) {
      send(sent)
      if (truth.lines[sent]?.fromClient === true) more--
    }
    if (line.fromClient) continue
    const meaning = queue.reply(line.tag.charCodeAt(0))
    if (isAsynchronous(line)) {
      expect(meaning).toBe(Reply.Asynchronous)
      if (line.tag === 'N') expect(queue.about).toBe(truth.owner.get(index))
    } else if (line.tag === 'Z') expect(meaning).toBe(Reply.Ready)
    else {
      expect(meaning).not.toBe(Reply.Asynchronous)
      expect([index, queue.about, queue.statementIndex]).toEqual([
        index,
        truth.owner.get(index),
        truth.statement.get(index),
      ])
    }
  }
  expect(queue.length).toBe(0)
  return skipped
}

describe('replies recorded from PostgreSQL', () => {
  const random = transcript('random.txt').map(truthOf)

  const notSyncs = (truth: Truth, skipped: readonly number[]): number[] =>
    skipped.filter((index) => truth.lines[index]?.tag !== 'S').sort((a, b) => a - b)

  it('are ascribed to the requests that they answered, and the skipped ones are named', () => {
    let refused = 0
    for (const truth of random) {
      const skipped = replay(truth, () => 0)
      if (skipped === undefined) refused++
      else expect(notSyncs(truth, skipped)).toEqual(truth.unanswered)
    }
    expect(refused).toBeLessThan(random.length / 4)
  })

  it('are ascribed to the same requests however far the client runs ahead', () => {
    let refused = 0
    let runs = 0
    fc.assert(
      fc.property(fc.constantFrom(...random), fc.infiniteStream(fc.nat({ max: 12 })), (truth, ahead) => {
        const skipped = replay(truth, () => ahead.next().value ?? 0)
        runs++
        if (skipped === undefined) refused++
        else expect(notSyncs(truth, skipped)).toEqual(truth.unanswered)
      }),
      { numRuns: 1000 },
    )
    for (const truth of random) replay(truth, () => 1_000)
    expect(refused).toBeLessThan(runs / 3)
  })

  it('to libpq, psql and pgbench, in the order of the wire, leave nothing open', () => {
    for (const lines of transcript('libpq.txt')) {
      const queue = new ReplyQueue<string>()
      for (const line of lines) {
        const kind = kindOf(line)
        if (!line.fromClient && !'RK'.includes(line.tag)) {
          // The first ReadyForQuery ends the login: nobody asked for it.
          if (line.tag === 'Z' && queue.length === 0 && lines.findIndex((l) => l.tag === 'Z') === lines.indexOf(line))
            continue
          queue.reply(line.tag.charCodeAt(0))
        } else if (line.fromClient && kind !== undefined) queue.push(kind, line.tag)
      }
      expect(queue.length).toBe(0)
      expect(queue.skipping).toBe(false)
    }
  })

  it('are the same frames wherever their bytes are cut', () => {
    for (const { lines } of random.slice(0, 10)) {
      const replies = lines.filter((line) => !line.fromClient)
      const stream = Buffer.concat(
        replies.map(({ tag, body }) => {
          const head = Buffer.alloc(5)
          head.write(tag, 'latin1')
          head.writeInt32BE(body.length + 4, 1)
          return Buffer.concat([head, Buffer.from(body, 'latin1')])
        }),
      )
      for (let cut = 0; cut <= stream.length; cut++) {
        const cursor = new FrameCursor(BACKEND_LIMITS(1 << 20))
        const tags: string[] = []
        for (const [from, to] of [
          [0, cut],
          [cut, stream.length],
        ] as const) {
          cursor.feed(stream, from, to)
          while (cursor.next()) tags.push(String.fromCharCode(cursor.tag))
        }
        expect(tags).toEqual(replies.map((line) => line.tag))
      }
    }
  })
})

/** Pushes for `>P`, replies for `<1`; says what each reply meant. About: the request's place among the requests. */
function meanings(script: string): string[] {
  const names = Object.keys(Reply)
  const skipped: string[] = []
  const queue = new ReplyQueue<string>((_, about) => skipped.push(about))
  const seen: string[] = []
  let count = 0
  for (const step of script.split(' ')) {
    const kind = KINDS[step.slice(1)]
    if (step.startsWith('>') && kind !== undefined) queue.push(kind, `${step.slice(1)}${count++}`)
    else seen.push(`${names[queue.reply(step.charCodeAt(1))] ?? '?'}:${queue.about ?? '-'}`)
  }
  return [...seen, ...skipped.map((about) => `skipped:${about}`), `length:${queue.length}`]
}

describe('the rules of the server', () => {
  it('after an error everything up to Sync is skipped, simple queries and function calls too', () => {
    expect(meanings('>P >B >Q >F >S >Q <E <Z <C <Z')).toEqual([
      'Error:P0',
      'Ready:S4',
      'StatementDone:Q5',
      'Ready:Q5',
      'skipped:B1',
      'skipped:Q2',
      'skipped:F3',
      'length:0',
    ])
  })

  it('and what is sent later is skipped too until the Sync that comes', () => {
    const seen = meanings('>P <E >B >Q >c >S >P <Z <1')
    expect(seen).toEqual(['Error:P0', 'Ready:S4', 'Done:P5', 'skipped:B1', 'skipped:Q2', 'length:0'])
  })

  it('an error in a simple Query or at Sync skips nothing', () => {
    expect(meanings('>Q >P >S <T <D <E <Z <1 <E <Z')).toEqual([
      'Part:Q0',
      'Part:Q0',
      'Error:Q0',
      'Ready:Q0',
      'Done:P1',
      'Error:S2',
      'Ready:S2',
      'length:0',
    ])
  })

  it('a Sync sent while the server reads COPY data is never answered', () => {
    const simple = ['Part:Q0', 'StatementDone:Q0', 'Ready:Q0', 'Ready:S3', 'skipped:S1', 'length:0']
    expect(meanings('>Q >S <G >c <C <Z >S <Z')).toEqual(simple)
    expect(meanings('>E >S <G >S >c >S <C <Z')).toEqual([
      'Part:E0',
      'Done:E0',
      'Ready:S4',
      'skipped:S1',
      'skipped:S2',
      'length:0',
    ])
  })

  it('a Sync that a failed COPY had not read yet is answered after all', () => {
    const early = ['Part:E0', 'Error:E0', 'Ready:S3', 'Ready:-', 'Done:P4', 'skipped:S1', 'length:0']
    expect(meanings('>E >S <G >c >S <E <Z <Z >P <1')).toEqual(early)
    const late = ['Part:E0', 'Error:E0', 'Ready:-', 'Done:P2', 'skipped:S1', 'length:0']
    expect(meanings('>E >S <G <E <Z >P <1')).toEqual(late)
  })

  it('but no ReadyForQuery too many is believed', () => {
    expect(() => meanings('>E >S <G >c >S <E <Z >P <1 <Z')).toThrow(ProtocolError)
    expect(() => meanings('>E >S <G >c >S <E <Z <Z <Z')).toThrow(ProtocolError)
  })

  it.each([
    [
      'a Query in a batch without Sync: the error may have hit a Flush before it, and then the Query is skipped',
      '>P <1 >Q <E',
    ],
    ['requests behind a stray CopyDone in a batch: it may be what was hit', '>P <1 >c >B >E >S <E'],
    ['requests behind stray CopyData', '>P <1 >d >B >E >S <E'],
    ['requests behind more than a Sync behind a COPY that fails', '>E >S <G >c >P >S <E'],
    ['requests after a COPY failed with a Sync on the way', '>E >S <G <E >P'],
  ])('an error is not ascribed to %s', (_, script) => {
    expect(() => meanings(script)).toThrow('cannot be known')
  })

  it('COPY data and its end that belong to a COPY make nothing uncertain', () => {
    const seen = ['Part:E0', 'Done:E0', 'Error:P3', 'Ready:S4', 'length:0']
    expect(meanings('>E >d >c >P >S <G <C <E <Z')).toEqual(seen)
    expect(meanings('>E <G >d >c >P >S <C <E <Z').at(-2)).toBe('Ready:S4')
    expect(meanings('>Q <G <E <Z >d >c >Q <E <Z').slice(3)).toEqual(['Error:Q3', 'Ready:Q3', 'length:0'])
    expect(meanings('>P <E >d >c >S <Z >P <E').at(-2)).toBe('Error:P4')
  })

  it('a CopyEnd that no COPY waits for is ignored', () => {
    expect(meanings('>c >P >c >c >S <1 <Z')).toEqual(['Done:P1', 'Ready:S4', 'length:0'])
  })

  it('an error with nothing asked ends the connection, in mid-batch it does not', () => {
    expect(meanings('<E')).toEqual(['Fatal:-', 'length:0'])
    expect(meanings('>P <1 <E >B >S <Z')).toEqual(['Done:P0', 'Error:-', 'Ready:S2', 'skipped:B1', 'length:0'])
  })

  it('reports that may come at any time belong to nothing, a notice to the request under way', () => {
    expect(meanings('<A <S <N >Q <N <S <C <N <Z <A').map((meaning) => meaning.replace('Asynchronous', ''))).toEqual([
      ':-',
      ':-',
      ':-',
      ':Q0',
      ':-',
      'StatementDone:Q0',
      ':Q0',
      'Ready:Q0',
      ':-',
      'length:0',
    ])
  })

  it('after FATAL every request under way counts as skipped, and nothing is believed any more', () => {
    const skipped: string[] = []
    const queue = new ReplyQueue<string>((_, about) => skipped.push(about))
    queue.push(RequestKind.Parse, 'parse')
    queue.push(RequestKind.Sync, 'sync')
    queue.fatal()
    expect(skipped).toEqual(['parse', 'sync'])
    expect(queue.reply(0x4e)).toBe(Reply.Asynchronous)
    expect(queue.reply(0x45)).toBe(Reply.Fatal)
    expect(() => queue.reply(0x5a)).toThrow(ProtocolError)
  })

  it.each([
    ['rows that nobody asked for', '<D'],
    ['ReadyForQuery that nobody asked for', '<Z'],
    ['ReadyForQuery before a Query has a result', '>Q <Z'],
    ['rows of a Query without their description', '>Q <D'],
    ['rows of the next statement without their description', '>Q <T <D <C <D'],
    ['rows after the error of a Query', '>Q <E <T'],
    ['a description in the answer to Execute', '>E <T'],
    ['the answer to Bind for Parse', '>P <2'],
    ['rows for Parse', '>P <D'],
    ['a description of a statement without its parameters', '>DS <T'],
    ['a suspended portal for a Query', '>Q <s'],
    ['COPY data without a COPY', '>E <d'],
    ['rows in the middle of a COPY', '>Q <H <D'],
    ['the end of COPY IN that the client did not end', '>E <G <C'],
    ['replication', '>Q <W'],
    ['a function result for a Query', '>Q <V'],
    ['two results of one function call', '>F <V <V'],
    ['login messages after login', '>Q <R'],
    ['a tag that no server has', '>Q <!'],
  ])('%s: refused', (_, script) => {
    expect(() => meanings(script)).toThrow(expect.objectContaining({ code: 'UNEXPECTED_MESSAGE' }) as Error)
  })

  it('more requests than the limit are refused', () => {
    const queue = new ReplyQueue<number>(undefined, 3)
    for (let index = 0; index < 3; index++) queue.push(RequestKind.Parse, index)
    expect(() => queue.push(RequestKind.Parse, 3)).toThrow(expect.objectContaining({ code: 'TOO_MANY' }) as Error)
  })

  it('thousands of requests under way are answered in order', () => {
    const queue = new ReplyQueue<number>()
    let next = 0
    let sent = 0
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.nat({ max: 500 }), (pushes, replies) => {
        for (let index = 0; index < pushes; index++) queue.push(RequestKind.Bind, sent++)
        for (let index = 0; index < replies && queue.length > 0; index++) {
          expect(queue.reply(0x32)).toBe(Reply.Done)
          expect(queue.about).toBe(next++)
        }
      }),
    )
  })

  it('any requests and any tags end in a meaning or a ProtocolError, and never in another request answered', () => {
    const kinds = fc.constantFrom(...Object.values(RequestKind).filter((kind) => kind !== RequestKind.None))
    const step = fc.oneof(kinds, fc.constantFrom(...'123CDEGHINSTVZcdnst'.split('')))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ReplyQueue<number>()
        let sent = 0
        let last = -1
        try {
          for (const next of steps) {
            if (typeof next === 'number') queue.push(next, sent++)
            else {
              queue.reply(next.charCodeAt(0))
              expect(queue.about ?? last).toBeGreaterThanOrEqual(last)
              last = queue.about ?? last
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
