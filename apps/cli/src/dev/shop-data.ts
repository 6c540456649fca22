import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientBase } from 'pg'
import { cardNumber, day, moment, person, phone, postalAddress, socialSecurityNumber } from './personal-data.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'

type Row = Readonly<Record<string, unknown>>

/** The shop's rows by table, in an order that respects foreign keys. */
export type ShopRows = ReadonlyMap<string, readonly Row[]>

const COUNTS = { customers: 400, products: 120, employees: 40, orders: 900, tickets: 300 } as const

/** Makes the shop's rows: the same for the same seed, on any machine. About 5,000 rows, all of nobody. */
export function shopRows(seed = 20_240_229): ShopRows {
  const random = seededRandom(seed)
  const employees = rows(COUNTS.employees, (id) => employee(random, id))
  const customers = rows(COUNTS.customers, (id) => customer(random, id))
  const addresses = rows(Math.round(COUNTS.customers * 1.5), (id) => ({
    id,
    customer_id: id <= COUNTS.customers ? id : random.integer(1, COUNTS.customers),
    kind: id <= COUNTS.customers ? 'home' : random.pick(['billing', 'shipping']),
    ...postalAddress(random),
  }))
  const products = rows(COUNTS.products, (id) => product(random, id))
  const orders = rows(COUNTS.orders, (id) => order(random, id))
  const items = orders.flatMap((of) =>
    rows(random.integer(1, 4), (line) => ({ order_id: of.id, line, ...item(random, products) })),
  )
  const payments = orders
    .filter(({ status }) => status !== 'new' && status !== 'cancelled')
    .map((of) => {
      const lines = items.filter((line) => line.order_id === of.id)
      const buyer = customers[of.customer_id - 1]
      return payment(
        random,
        of.id,
        lines.reduce((sum, line) => sum + line.quantity * line.unit_price, 0),
        buyer?.name ?? 'unknown',
      )
    })
  const tickets = rows(COUNTS.tickets, (id) => ticket(random, id, customers))
  return new Map<string, readonly Row[]>([
    ['employees', employees],
    ['customers', customers],
    ['addresses', addresses],
    ['products', products],
    ['orders', orders],
    ['order_items', items],
    ['payments', payments],
    ['support_tickets', tickets],
  ])
}

/**
 * Makes schema and rows in the database the client is connected to, in one transaction. The database must not hold
 * tables of these names. Throws what the server says.
 */
export async function loadShop(client: ClientBase, data: ShopRows = shopRows()): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(readFileSync(join(import.meta.dirname, 'shop-schema.sql'), 'utf8'))
    for (const [table, content] of data) {
      // One statement a table; the server's own reading of JSON turns every value into the column's type.
      const columns = Object.keys(content[0] ?? {}).join(', ')
      await client.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(content)],
      )
      if (columns.startsWith('id,') && table !== 'payments') {
        await client.query(`SELECT setval(pg_get_serial_sequence($1, 'id'), max(id)) FROM ${table}`, [table])
      }
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
  await client.query('ANALYZE')
}

function rows<Made extends Row>(count: number, make: (number: number) => Made): readonly Made[] {
  return Array.from({ length: count }, (_, index) => make(index + 1))
}

function customer(random: SeededRandom, id: number) {
  const { name, email } = person(random, id)
  return {
    id,
    reference: random.uuid(),
    name,
    email,
    phone: random.chance(0.8) ? phone(random) : null,
    ssn: random.chance(0.6) ? socialSecurityNumber(random) : null,
    date_of_birth: random.chance(0.9) ? day(random, 1945, 2005) : null,
    tier: random.pick(['bronze', 'bronze', 'silver', 'gold']),
    tags: [
      random.pick(['web', 'shop', 'phone']),
      ...(random.chance(0.3) ? ['newsletter'] : []),
      ...(random.chance(0.1) ? ['vip'] : []),
    ],
    preferences: {
      language: random.pick(['en', 'de', 'fr', 'ko']),
      newsletter: random.chance(0.3),
      theme: random.pick(['light', 'dark']),
    },
    last_login_from: random.chance(0.7)
      ? `198.51.100.${String(random.integer(1, 254))}`
      : '2001:db8::' + random.integer(1, 9999).toString(16),
    signed_up_at: moment(random, 2019, 2024),
  }
}

function employee(random: SeededRandom, id: number) {
  return {
    id,
    ...person(random, id, 'shop.example'),
    title:
      id === 1
        ? 'Chief Executive'
        : random.pick(['Support Agent', 'Support Agent', 'Warehouse Lead', 'Engineer', 'Accountant', 'Buyer']),
    manager_id: id === 1 ? null : random.integer(1, Math.max(1, Math.floor(id / 6))),
    ssn: socialSecurityNumber(random),
    date_of_birth: day(random, 1960, 2000),
    salary: random.integer(3_200, 19_500) * 10,
    photo: `\\x89504e470d0a1a0a${Buffer.from(random.digits(24)).toString('hex')}`,
    hired_on: day(random, 2015, 2024),
  }
}

const CATEGORIES = {
  kitchen: ['Kettle', 'Pan', 'Grinder', 'Bread Knife'],
  outdoor: ['Tent', 'Lantern', 'Sleeping Bag', 'Camp Stove'],
  office: ['Desk Lamp', 'Notebook', 'Chair', 'Monitor Arm'],
  music: ['Metronome', 'Headphones', 'Music Stand', 'Ukulele'],
} as const

function product(random: SeededRandom, id: number) {
  const category = random.pick(['kitchen', 'outdoor', 'office', 'music'] as const)
  const colour = random.pick(['black', 'green', 'red', 'walnut', 'steel'])
  return {
    id,
    sku: `${category.slice(0, 3).toUpperCase()}-${String(id).padStart(4, '0')}`,
    name: `${random.pick(['Basic', 'Classic', 'Pro', 'Travel'])} ${random.pick(CATEGORIES[category])}`,
    category,
    price: random.integer(500, 39_900) / 100,
    in_stock: random.integer(0, 250),
    weight_kg: random.integer(1, 120) / 8,
    attributes: {
      colour,
      warranty_years: random.integer(1, 5),
      dimensions_cm: [random.integer(5, 90), random.integer(5, 90), random.integer(2, 60)],
    },
    tags: random.chance(0.5) ? ['sale', colour] : [colour],
  }
}

function order(random: SeededRandom, id: number) {
  const status = random.pick(['new', 'paid', 'shipped', 'delivered', 'delivered', 'delivered', 'cancelled', 'refunded'])
  const customerId = random.integer(1, COUNTS.customers)
  const placedAt = moment(random, 2023, 2025)
  return {
    id,
    customer_id: customerId,
    // The first addresses are the customers' homes, one each.
    shipping_address_id: customerId,
    status,
    placed_at: placedAt,
    shipped_on: status === 'shipped' || status === 'delivered' ? placedAt.slice(0, 10) : null,
    note: random.chance(0.15) ? `Leave it with the neighbour, or call ${phone(random)}.` : null,
  }
}

function item(random: SeededRandom, products: readonly { readonly id: number; readonly price: number }[]) {
  const chosen = products[random.integer(0, products.length - 1)] ?? { id: 1, price: 0 }
  return { product_id: chosen.id, quantity: random.integer(1, 3), unit_price: chosen.price }
}

function payment(random: SeededRandom, orderId: number, amount: number, holder: string) {
  const card = cardNumber(random)
  return {
    id: random.uuid(),
    order_id: orderId,
    card_number: card,
    card_holder: holder.toUpperCase(),
    card_expires_on: day(random, 2026, 2030),
    amount: Math.round(amount * 100) / 100,
    currency: random.pick(['EUR', 'USD', 'KRW']),
    captured: random.chance(0.95),
    gateway_response: {
      result: 'approved',
      authorization: random.digits(6),
      card: { number: card, brand: card.startsWith('5') ? 'mastercard' : 'visa' },
    },
    paid_at: moment(random, 2023, 2025),
  }
}

function ticket(
  random: SeededRandom,
  id: number,
  customers: readonly {
    readonly id: number
    readonly name: string
    readonly email: string
    readonly ssn: string | null
  }[],
) {
  const from = customers[random.integer(0, customers.length - 1)]
  const name = from?.name ?? 'somebody'
  const [subject, body] = random.pick([
    [
      'Where is my order?',
      `Hello, I ordered two weeks ago and nothing came. Write to ${from?.email ?? ''} or call ${phone(random)}. ${name}`,
    ],
    [
      'Charged twice',
      `My card ${spaced(cardNumber(random))} was charged twice for one order. Please refund one. ${name}`,
    ],
    [
      'Change of address',
      `I moved to ${postalAddress(random).street}. My old address is on file under ${from?.email ?? ''}.`,
    ],
    [
      'Identity check failed',
      `The form refuses my social security number ${from?.ssn ?? socialSecurityNumber(random)} although it is right.`,
    ],
    ['Broken on arrival', 'The handle was broken when I opened the box. I attach a photo. Can you send another?'],
    [
      'Invoice',
      `Please send the invoice to accounting@example.org with my date of birth ${day(random, 1950, 2000)} removed.`,
    ],
  ])
  return {
    id,
    customer_id: from?.id ?? null,
    assigned_to: random.chance(0.7) ? random.integer(2, COUNTS.employees) : null,
    subject,
    body,
    status: random.pick(['open', 'waiting', 'closed', 'closed']),
    priority: random.integer(1, 5),
    opened_at: moment(random, 2024, 2025),
  }
}

function spaced(card: string): string {
  return card.replaceAll(/\d{4}(?=\d)/g, '$& ')
}
