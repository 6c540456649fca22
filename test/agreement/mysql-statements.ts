/** Random SELECTs of MySQL and MariaDB over the tables of `SCHEMA`, for oracles: many are refused, all are of the language. */
import { Random } from '../canary/random.ts'

/** Two databases of this schema differ in `people.secret`, `people.amount` and `people.born` alone, and in what is computed from them. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE people (id int PRIMARY KEY, name varchar(20), secret varchar(20), amount int, born date, region varchar(4), doc json,
    twice varchar(40) AS (concat(secret, secret)))`,
  'CREATE TABLE orders (id int PRIMARY KEY, person int, note varchar(20), total decimal(9, 2), placed datetime)',
  'CREATE VIEW shown AS SELECT id, secret AS remark, upper(name) AS loud FROM people',
  'CREATE VIEW totals AS SELECT person, sum(total) AS sum_total, max(note) AS last_note FROM orders GROUP BY person',
  'CREATE FUNCTION of_person (i int) RETURNS varchar(20) READS SQL DATA RETURN (SELECT secret FROM people WHERE id = i)',
  "CREATE FUNCTION joined (a varchar(40), b varchar(40)) RETURNS varchar(90) DETERMINISTIC RETURN concat(a, '-', b)",
]

/** The columns that hold what must not show. */
export const SECRETS: ReadonlySet<string> = new Set(['people.secret', 'people.amount', 'people.born', 'people.twice'])

const LITERALS = [
  '1',
  '2',
  "'a'",
  "'x'",
  'NULL',
  '0.5',
  "'2020-01-01'",
  "DATE '2000-01-01'",
  "'98'",
  'TRUE',
  "x'41'",
  '-1',
]
const UNARY = [
  '-?',
  'NOT ?',
  '! ?',
  '~ ?',
  'BINARY ?',
  '(?)',
  '? IS NULL',
  '? IS NOT NULL',
  '? IS TRUE',
  '? COLLATE utf8mb4_bin',
]
const BINARY = '+ - * / % DIV MOD = <=> <> < > <= >= AND OR XOR | & ^ << >> LIKE REGEXP'.split(' ')
const FUNCTIONS: readonly (readonly [name: string, least: number, most: number])[] = [
  ...'lower upper reverse md5 sha1 hex to_base64 trim quote soundex char_length length bit_length ascii ord crc32 abs ceil floor sign bin oct year month day dayname quarter to_days last_day json_quote json_valid unhex sqrt exp isnull'
    .split(' ')
    .map((name) => [name, 1, 1] as const),
  ...'left right repeat instr locate strcmp find_in_set nullif ifnull round truncate mod pow datediff sha2 format date_format'
    .split(' ')
    .map((name) => [name, 2, 2] as const),
  ...'substring replace lpad rpad substring_index if mid'.split(' ').map((name) => [name, 3, 3] as const),
  ...'concat concat_ws coalesce greatest least elt field interval json_array make_set'
    .split(' ')
    .map((name) => [name, 2, 4] as const),
  ['of_person', 1, 1],
  ['joined', 2, 2],
]
// Not those whose result depends on the order of rows, which neither server promises.
const AGGREGATES = 'count min max sum avg bit_or bit_xor std'.split(' ')

interface Named {
  readonly alias: string
  readonly columns: readonly string[]
}

const TABLES: Readonly<Record<string, readonly string[]>> = {
  people: ['id', 'name', 'secret', 'amount', 'born', 'region', 'doc', 'twice'],
  orders: ['id', 'person', 'note', 'total', 'placed'],
  shown: ['id', 'remark', 'loud'],
  totals: ['person', 'sum_total', 'last_note'],
}

/** Makes one statement after another from a seed. */
export class StatementMaker {
  readonly #random: Random
  readonly #mariadb: boolean
  #aliases = 0

  constructor(seed: number, mariadb: boolean) {
    this.#random = new Random(seed)
    this.#mariadb = mariadb
  }

  statement(): string {
    this.#aliases = 0
    if (this.#random.chance(0.08)) return `(${this.#select([], 1)}) ${this.#setOperator()} (${this.#select([], 1)})`
    if (this.#random.chance(0.12)) {
      const name = this.#alias()
      const inner = this.#plain([], 2, 2)
      return `WITH ${name} (p, q) AS (${inner}) ${this.#from([{ alias: name, columns: ['p', 'q'] }], name, [], 1)}`
    }
    return this.#select([], 2)
  }

  /** A change of `orders`. */
  change(): string {
    this.#aliases = 0
    const target: Named = { alias: 'orders', columns: TABLES['orders'] ?? [] }
    const column = (): string => this.#random.pick(['person', 'note', 'total'])
    switch (this.#random.below(6)) {
      case 0:
        return `INSERT INTO orders (id, ${column()}) ${this.#plain([], 2, 1)}`
      case 1:
        return `INSERT INTO orders (id, note) VALUES (${this.#random.between(1, 9)}, ${this.#expression([target], 1)}) ON DUPLICATE KEY UPDATE ${column()} = ${this.#expression([target], 2)}`
      case 2:
        return `DELETE FROM orders WHERE ${this.#condition([target], 1)}`
      case 3: {
        const named: Named[] = [{ alias: 'o', columns: target.columns }]
        const other = this.#table(named, [], 0)
        return `UPDATE orders o JOIN ${other} ON ${this.#condition(named, 0)} SET o.${column()} = ${this.#expression(named, 2)} WHERE ${this.#condition(named, 0)}`
      }
      case 4: {
        const named: Named[] = [{ alias: 'o', columns: target.columns }]
        const other = this.#table(named, [], 0)
        return `DELETE o FROM orders o JOIN ${other} ON ${this.#condition(named, 0)}`
      }
      default:
        return `UPDATE orders SET ${column()} = ${this.#expression([target], 2)} WHERE ${this.#condition([target], 1)}`
    }
  }

  #setOperator(): string {
    return this.#random.pick(['UNION ALL', 'UNION ALL', 'UNION', 'EXCEPT', 'INTERSECT'])
  }

  #select(outer: readonly Named[], depth: number): string {
    return this.#plain(outer, this.#random.below(2) + 1, depth)
  }

  /** A SELECT of that many columns. */
  #plain(outer: readonly Named[], width: number, depth: number): string {
    const named: Named[] = []
    let from = this.#table(named, outer, depth)
    if (this.#random.chance(0.35)) {
      const join = this.#random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'CROSS JOIN', 'NATURAL JOIN', 'USING'])
      const before = [...named]
      const right = this.#table(named, join === 'RIGHT JOIN' ? outer : [...outer, ...before], depth)
      const both = named.slice(-2)
      if (join === 'NATURAL JOIN' || join === 'CROSS JOIN') from += ` ${join} ${right}`
      else if (join === 'USING' && both.every(({ columns }) => columns.includes('id')))
        from += ` JOIN ${right} USING (id)`
      else from += ` ${join === 'USING' ? 'JOIN' : join} ${right} ON ${this.#condition(named, depth)}`
    }
    return this.#from(named, from, outer, depth, width)
  }

  #from(named: readonly Named[], from: string, outer: readonly Named[], depth: number, width = 2): string {
    const scope = this.#random.chance(0.2) ? [...outer, ...named] : named
    const grouped = this.#random.chance(0.2)
    const item = (): string =>
      grouped && this.#random.chance(0.6) ? this.#aggregate(scope, depth) : this.#expression(scope, depth + 1)
    const names = Array.from({ length: width }, (_, index) => `c${index}`)
    const star = !grouped && width > 1 && this.#random.chance(0.1)
    const items = star ? this.#star(named) : names.map((name) => `${item()} AS ${name}`).join(', ')
    let text = `SELECT ${this.#random.chance(0.06) ? 'DISTINCT ' : ''}${items} FROM ${from}`
    if (this.#random.chance(0.4)) text += ` WHERE ${this.#condition(scope, depth)}`
    if (grouped) text += ` GROUP BY ${this.#random.chance(0.5) ? 'c0' : this.#column(named)}`
    if (grouped && this.#random.chance(0.3))
      text += ` HAVING ${this.#random.chance(0.5) ? `c0 IS NOT NULL` : `${this.#aggregate(scope, 1)} > 1`}`
    if (this.#random.chance(0.25))
      text += ` ORDER BY ${this.#random.pick(['c0', '1', this.#column(named), `${this.#column(named)} + 1`])}`
    return text
  }

  #star(named: readonly Named[]): string {
    return this.#random.chance(0.5) ? '*' : `${this.#random.pick(named).alias}.*`
  }

  #table(named: Named[], outer: readonly Named[], depth: number): string {
    const alias = this.#alias()
    if (depth > 0 && this.#random.chance(0.15)) {
      const lateral = outer.length > 0 && this.#random.chance(0.3) && !this.#mariadb
      const inner = this.#plain(lateral ? outer : [], 2, depth - 1)
      named.push({ alias, columns: ['c0', 'c1'] })
      return `${lateral ? 'LATERAL ' : ''}(${inner}) ${alias}`
    }
    const table = this.#random.pick(['people', 'people', 'people', 'orders', 'orders', 'shown', 'totals'])
    named.push({ alias, columns: TABLES[table] ?? [] })
    return `${table} ${alias}`
  }

  #condition(named: readonly Named[], depth: number): string {
    const column = this.#column(named)
    return this.#random.pick([
      `${column} = ${this.#random.pick(LITERALS)}`,
      `${column} = ${this.#column(named)}`,
      `${column} IN (1, 2, 'a')`,
      `${column} IS NOT NULL`,
      `${column} BETWEEN 1 AND 2`,
      depth > 0 ? `EXISTS (${this.#select(named, depth - 1)})` : `${column} > 1`,
      depth > 0 ? `${column} IN (${this.#plain(named, 1, depth - 1)})` : `${column} < 3`,
      this.#expression(named, depth),
    ])
  }

  #column(named: readonly Named[]): string {
    const from = this.#random.pick(named)
    const column = this.#random.pick(from.columns)
    return this.#random.chance(0.7) ? `${from.alias}.${column}` : column
  }

  #aggregate(named: readonly Named[], depth: number): string {
    const name = this.#random.pick(AGGREGATES)
    if (name === 'count' && this.#random.chance(0.5)) return 'count(*)'
    const distinct = ['count', 'sum'].includes(name) && this.#random.chance(0.2) ? 'DISTINCT ' : ''
    return `${name}(${distinct}${this.#expression(named, depth - 1)})`
  }

  #expression(named: readonly Named[], depth: number): string {
    if (depth <= 0 || this.#random.chance(0.35))
      return this.#random.chance(0.75) ? this.#column(named) : this.#random.pick(LITERALS)
    const part = (): string => this.#expression(named, depth - 1)
    switch (this.#random.below(9)) {
      case 0:
        return this.#random.pick(UNARY).replace('?', `(${part()})`)
      case 1:
      case 2:
        return `(${part()} ${this.#random.pick(BINARY)} ${part()})`
      case 3:
        return `CASE WHEN ${part()} THEN ${part()} ELSE ${part()} END`
      case 4:
        return this.#single(named)
      case 5:
        return `CAST(${part()} AS ${this.#random.pick(['CHAR', 'SIGNED', 'DATE', 'BINARY', 'DECIMAL(9,2)', 'CHAR(2)'])})`
      case 6:
        return `${this.#random.pick(['rank()', `max(${part()})`, 'dense_rank()'])} OVER (PARTITION BY ${part()} ORDER BY ${part()})`
      default: {
        const [name, least, most] = this.#random.pick(FUNCTIONS)
        const count = least + this.#random.below(most - least + 1)
        return `${name}(${Array.from({ length: count }, part).join(', ')})`
      }
    }
  }

  /** A sub-query of one row. */
  #single(outer: readonly Named[]): string {
    const named: Named[] = []
    const from = this.#table(named, outer, 0)
    const scope = [...outer, ...named]
    return `(SELECT ${this.#random.pick(['max', 'min', 'count'])}(${this.#expression(scope, 1)}) FROM ${from} WHERE ${this.#column(scope)} = ${this.#column(scope)})`
  }

  #alias(): string {
    return `t${this.#aliases++}`
  }
}
