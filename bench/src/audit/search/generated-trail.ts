import type { AuditRecord } from '@gatehouse/core'
import type { ShippedRecord } from '@gatehouse/audit-trail'

/** How many there are of each. */
export const SHAPE = { principals: 200, actors: 20, targets: 10, shapes: 5_000, relations: 300, days: 30 } as const

/** Where the generated time begins; it lasts `SHAPE.days`. */
export const BEGUN: number = Date.UTC(2026, 9, 1)
const DAY = 86_400_000

const WORDS =
  'account address amount balance basket batch branch budget carrier category channel claim country coupon currency customer deadline delivery discount employee invoice item label ledger limit manager margin market message method number offer order owner parcel partner payment period plan price product project quantity quote rating reason receipt refund region request return review route salary schedule sector shipment status stock store subject supplier tariff team ticket transfer unit vendor version visit voucher warehouse weight zone'.split(
    ' ',
  )
const ACTIONS = ['select', 'select', 'select', 'select', 'select', 'insert', 'update', 'delete'] as const
const CODES = ['42P01', '42703', '23505', '57014', '22P02'] as const
const REFUSALS = ['DENIED_BY_RULE', 'DENIED_BY_DEFAULT', 'UNREADABLE', 'APPROVAL_REFUSED', 'APPROVAL_TIMEOUT'] as const

interface Shape {
  readonly fingerprint: string
  readonly head: string
  /** Its literals are in the text, not bound. */
  readonly literal: boolean
  /** Everything of the record from `actions` to before `decision`, as JSON members. */
  readonly facts: string
  readonly rule: string
  readonly masked: string
  readonly refused: number
}

interface Session {
  readonly id: string
  readonly whole: string
  statements: number
}

/** Numbers from 0 to 1, the same at each run. */
class Chances {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  pick<Value>(values: readonly [Value, ...Value[]] | readonly Value[]): Value {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error('nothing to pick from')
    return value
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.below(0x1_0000_0000).toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }
}

/** A rank from 0 on that comes as often as Zipf's law says (exponent 1.1), by a table of sums. */
class Zipf {
  readonly #sums: Float64Array

  constructor(count: number) {
    this.#sums = new Float64Array(count)
    let sum = 0
    for (let rank = 0; rank < count; rank++) this.#sums[rank] = sum += 1 / (rank + 1) ** 1.1
  }

  rank(chance: number): number {
    const wanted = chance * (this.#sums.at(-1) ?? 0)
    let low = 0
    let high = this.#sums.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The records of one gateway over `SHAPE.days`, in order: sessions, intents with their outcomes, refusals, holds, masked columns. */
export class GeneratedTrail {
  readonly gateway: string
  readonly trail: string
  readonly #chances: Chances
  readonly #shapes: readonly Shape[]
  readonly #shapeRank = new Zipf(SHAPE.shapes)
  readonly #principalRank = new Zipf(SHAPE.principals)
  readonly #sessions: Session[] = []
  #seq = 0
  #time = BEGUN
  readonly #step: number
  #line: ShippedRecord[] = []

  /** `records` are spread over all days. */
  constructor(gateway: string, seed: number, records: number) {
    this.gateway = gateway
    this.trail = new Chances(seed).hex(16)
    this.#chances = new Chances(seed)
    // All gateways see the same statements.
    this.#shapes = makeShapes(new Chances(1))
    this.#step = (SHAPE.days * DAY) / records
  }

  /** The next so many records, or a few more. */
  next(count: number): readonly ShippedRecord[] {
    this.#line = []
    while (this.#line.length < count) this.#statement()
    return this.#line
  }

  #statement(): void {
    const chances = this.#chances
    const session = this.#session()
    const shape = this.#shapes[this.#shapeRank.rank(chances.next())]
    if (shape === undefined) throw new Error('there is no such shape')
    const refused = chances.next() < shape.refused
    const held = chances.next() < 0.01
    const value = chances.below(1_000_000)
    const text = shape.literal ? `${shape.head} = ${value}` : `${shape.head} = $1`
    const parameters = shape.literal ? '[]' : `["${value}"]`
    const decision = refused
      ? `{"effect":"deny","rule":"${shape.rule}","approval":null,"code":"${chances.pick(REFUSALS)}","object":"statement"}`
      : `{"effect":"permit","rule":"${shape.rule}","approval":${held ? `"${chances.hex(12)}"` : 'null'}}`
    const intent = this.#append(
      'intent',
      `${session.whole},"statement":{"text":${JSON.stringify(text)},"parameters":${parameters},"fingerprint":"${shape.fingerprint}"},${shape.facts},"decision":${decision},"masked":${refused ? '[]' : shape.masked}`,
    )
    if (refused || chances.next() < 0.002) return
    const error = chances.next() < 0.02 ? `"${chances.pick(CODES)}"` : 'null'
    this.#append(
      'outcome',
      `"session":"${session.id}","statement":{"intent":${intent}},"outcome":{"rows":${chances.below(200)},"bytes":${chances.below(20_000)},"error":${error},"duration_us":${chances.below(50_000)}},"masked":${shape.masked}`,
    )
  }

  /** One of forty that are open; each ends after some statements, and another begins. */
  #session(): Session {
    const chances = this.#chances
    const at = chances.below(40)
    const open = this.#sessions[at]
    if (open !== undefined && open.statements-- > 0) return open
    if (open !== undefined)
      this.#append(
        'session_end',
        `${open.whole},"end":{"reason":"client_closed","statements":60,"duration_us":9000000}`,
      )
    const person = this.#principalRank.rank(chances.next())
    const id = chances.hex(32)
    const whole = `"session":"${id}","principal":{"subject":"person${person}@example.com","actor":"agent-${person % SHAPE.actors}","groups":["ai-agents","team-${person % 12}"],"issuer":"https://login.example.com"},"target":"target-${chances.below(SHAPE.targets)}","engine":"postgres"`
    const session = { id, whole, statements: 20 + chances.below(160) }
    this.#sessions[at] = session
    this.#append(
      'session_start',
      `${whole},"client":{"address":"10.0.${chances.below(250)}.${chances.below(250)}","application":"psql"}`,
    )
    return session
  }

  #append(kind: AuditRecord['kind'], members: string): number {
    const chances = this.#chances
    this.#seq++
    // Nights are as quiet as people are.
    const hour = (this.#time / 3_600_000) % 24
    const busy = hour > 7 && hour < 19 ? 0.6 : 2.4
    this.#time = Math.min(this.#time + 2 * this.#step * busy * 1.042 * chances.next(), BEGUN + SHAPE.days * DAY - 1)
    const time = new Date(Math.floor(this.#time)).toISOString()
    const line = `{"seq":${this.#seq},"time":"${time}","prev":"${chances.hex(64)}","hash":"${chances.hex(64)}","kind":"${kind}",${members}}`
    this.#line.push({ record: JSON.parse(line) as AuditRecord, segment: 1 + Math.floor(this.#seq / 100_000), line })
    return this.#seq
  }
}

function makeShapes(chances: Chances): readonly Shape[] {
  const words = (count: number): string[] => Array.from({ length: count }, () => chances.pick(WORDS))
  const relations = Array.from({ length: SHAPE.relations }, (_, at) => `public.${words(2).join('_')}_${at}`)
  const relationRank = new Zipf(SHAPE.relations)
  return Array.from({ length: SHAPE.shapes }, () => {
    const action = chances.pick(ACTIONS)
    const of = [
      ...new Set(
        Array.from({ length: 1 + chances.below(3) }, () => relations[relationRank.rank(chances.next())] ?? ''),
      ),
    ]
    const columns = words(2 + chances.below(6)).join(', ')
    const joins = of.slice(1).map((relation) => ` join ${relation} using (${chances.pick(WORDS)}_id)`)
    const head = `${action} ${columns} from ${of[0] ?? ''}${joins.join('')} where ${words(2).join('_')}`
    const masked = chances.next() < 0.15 ? [`${of[0] ?? ''}.${chances.pick(['email', 'phone', 'salary', 'iban'])}`] : []
    return {
      fingerprint: chances.hex(16),
      head,
      literal: chances.next() < 0.4,
      facts: `"actions":["${action}"],"relations":${JSON.stringify(of)}`,
      rule: `rule-${chances.below(30)}`,
      masked: JSON.stringify(masked),
      refused: chances.next() < 0.05 ? 0.6 : 0.005,
    }
  })
}
