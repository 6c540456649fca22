/** Personal data of nobody: names, numbers and addresses of the right form, from ranges kept for tests and examples. */
import type { SeededRandom } from './seeded-random.ts'

const FIRST = [
  'Ada',
  'Bilal',
  'Chiara',
  'Dmitri',
  'Elif',
  'Farid',
  'Grace',
  'Hana',
  'Inés',
  'Jonas',
  'Keiko',
  'Łucja',
  'Minh',
  'Noor',
  'Oluwaseun',
  'Priya',
  'Quentin',
  'Rosa',
  'Søren',
  'Tomás',
  'Uma',
  'Viktor',
  'Wen',
  'Ximena',
  'Yara',
  'Zoltán',
] as const
const LAST = [
  'Abernathy',
  'Bianchi',
  'Castro',
  'Dubois',
  'Eriksen',
  'Fischer',
  'García',
  'Haddad',
  'Ivanova',
  'Jansen',
  'Kim',
  'Lindqvist',
  'Müller',
  'Nakamura',
  "O'Connor",
  'Patel',
  'Quiroga',
  'Rossi',
  'Sato',
  'Tanaka',
  'Ueda',
  'Vasquez',
  'Williams',
  'Xu',
  'Yılmaz',
  'Zhang',
] as const
const STREETS = [
  'Alder Way',
  'Birch Lane',
  'Cedar Street',
  'Dock Road',
  'Elm Avenue',
  'Foundry Yard',
  'Garden Row',
  'Harbour View',
] as const
const CITIES = [
  { city: 'Springfield', country: 'US', postalCode: '62704' },
  { city: 'Lyon', country: 'FR', postalCode: '69002' },
  { city: 'Leipzig', country: 'DE', postalCode: '04109' },
  { city: 'Busan', country: 'KR', postalCode: '48058' },
  { city: 'Porto', country: 'PT', postalCode: '4000-322' },
  { city: 'Leeds', country: 'GB', postalCode: 'LS1 4DY' },
] as const

export interface Person {
  readonly name: string
  readonly email: string
}

/** A name, and an address at a domain kept for examples (RFC 2606); `number` makes the address the only one. */
export function person(random: SeededRandom, number: number, domain?: string): Person {
  const first = random.pick(FIRST)
  const last = random.pick(LAST)
  const host = domain ?? random.pick(['example.com', 'example.org', 'mail.example.net'])
  return { name: `${first} ${last}`, email: `${plain(first)}.${plain(last)}${String(number)}@${host}` }
}

/** A social security number of an area that is never issued (900 to 999). */
export function socialSecurityNumber(random: SeededRandom): string {
  return `9${random.digits(2)}-${String(random.integer(10, 99))}-${random.digits(3)}${String(random.integer(1, 9))}`
}

/** A telephone number kept for fiction (555-0100 to 555-0199). */
export function phone(random: SeededRandom): string {
  return `+1-${String(random.integer(201, 989))}-555-01${random.digits(2)}`
}

/** A card number from the ranges card networks publish for tests; its last digit fits (Luhn, ISO/IEC 7812-1). */
export function cardNumber(random: SeededRandom): string {
  const [prefix, length] = random.pick([
    ['424242', 16],
    ['400000', 16],
    ['555555', 16],
    ['378282', 15],
  ])
  const body = `${prefix}${random.digits(length - 1 - prefix.length)}`
  for (let check = 0; check < 10; check += 1) {
    if (isLuhnValid(`${body}${String(check)}`)) return `${body}${String(check)}`
  }
  throw new Error('every body has one check digit')
}

/** Whether the digits' check digit fits. */
export function isLuhnValid(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place])
    const doubled = place % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

export function postalAddress(random: SeededRandom): {
  readonly street: string
  readonly city: string
  readonly postal_code: string
  readonly country: string
} {
  const { city, country, postalCode } = random.pick(CITIES)
  return { street: `${String(random.integer(1, 240))} ${random.pick(STREETS)}`, city, postal_code: postalCode, country }
}

/** A day as `2021-03-04`, of the years from `first` to `last`. */
export function day(random: SeededRandom, first: number, last: number): string {
  return new Date(Date.UTC(random.integer(first, last), random.integer(0, 11), random.integer(1, 28)))
    .toISOString()
    .slice(0, 10)
}

/** A moment of the years from `first` to `last`, in UTC. */
export function moment(random: SeededRandom, first: number, last: number): string {
  return `${day(random, first, last)}T${String(random.integer(0, 23)).padStart(2, '0')}:${String(random.integer(0, 59)).padStart(2, '0')}:00Z`
}

function plain(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/[^a-zA-Z]/g, '')
    .toLowerCase()
}
