import type { MaskSpec } from '@gatehouse/core'

/** What a column may hold of a person, or of a credential. The words are those of rule names. */
export type PersonalData =
  | 'passwords-and-secrets'
  | 'card-verification-codes'
  | 'card-numbers'
  | 'card-expiry-dates'
  | 'bank-accounts'
  | 'social-security-numbers'
  | 'identity-documents'
  | 'email-addresses'
  | 'telephone-numbers'
  | 'names-of-people'
  | 'birth-dates'
  | 'incomes'
  | 'postal-addresses'
  | 'postal-codes'
  | 'coordinates'
  | 'network-addresses'
  | 'device-identifiers'
  | 'vehicle-numbers'
  | 'health'
  | 'protected-traits'
  | 'pictures-and-biometrics'
  | 'user-names'

/** Which sort of type a column has, as far as it tells what can be in it. */
export type TypeGroup =
  | 'text'
  | 'document'
  | 'number'
  | 'whole'
  | 'date'
  | 'network'
  | 'hardware'
  | 'binary'
  | 'uuid'
  | 'enum'
  | 'place'
  | 'other'

interface KindRow {
  /** As in "looks like …". */
  readonly title: string
  /** Column types on which the name says something; on the rest it is a false friend (`phone_verified bool`). */
  readonly types: readonly TypeGroup[]
  /** Masks in the order they are tried; `redact` is what is left. */
  readonly masks: readonly MaskSpec[]
}

const endOfNumber: MaskSpec = { kind: 'partial', keepFirst: 0, keepLast: 4 }
const shortEnd: MaskSpec = { kind: 'partial', keepFirst: 0, keepLast: 2 }

/** One row per kind, in the order in which rules of the same confidence are written. */
export const PERSONAL_DATA: Readonly<Record<PersonalData, KindRow>> = {
  'passwords-and-secrets': {
    title: 'a password, key or token',
    types: ['text', 'document', 'binary', 'uuid'],
    masks: [],
  },
  'card-verification-codes': {
    title: 'a card verification code',
    types: ['text', 'whole', 'number', 'document', 'binary'],
    masks: [],
  },
  'card-numbers': {
    title: 'a card number',
    types: ['text', 'number', 'whole', 'document', 'binary'],
    masks: [endOfNumber],
  },
  'card-expiry-dates': { title: 'when a card ends', types: ['text', 'date', 'document'], masks: [] },
  'bank-accounts': {
    title: 'a bank account',
    types: ['text', 'number', 'whole', 'document', 'binary'],
    masks: [endOfNumber],
  },
  'social-security-numbers': {
    title: 'a social security or tax number',
    types: ['text', 'number', 'whole', 'document', 'binary'],
    masks: [endOfNumber],
  },
  'identity-documents': {
    title: 'the number of an identity document',
    types: ['text', 'number', 'whole', 'document', 'binary'],
    masks: [endOfNumber],
  },
  'email-addresses': { title: 'an e-mail address', types: ['text', 'document'], masks: [{ kind: 'email' }] },
  'telephone-numbers': {
    title: 'a telephone number',
    types: ['text', 'number', 'whole', 'document'],
    masks: [shortEnd],
  },
  'names-of-people': { title: 'the name of a person', types: ['text', 'document'], masks: [] },
  'birth-dates': {
    title: 'a date of birth',
    types: ['date', 'text', 'whole', 'document'],
    masks: [{ kind: 'truncate', to: 'year' }],
  },
  incomes: { title: 'what a person earns or owns', types: ['number', 'whole', 'text', 'document'], masks: [] },
  'postal-addresses': { title: 'a postal address', types: ['text', 'document'], masks: [] },
  'postal-codes': { title: 'a postal code', types: ['text', 'whole'], masks: [] },
  coordinates: { title: 'where somebody is', types: ['number', 'place', 'text', 'document'], masks: [] },
  'network-addresses': { title: 'a network address', types: ['network', 'text', 'document'], masks: [] },
  'device-identifiers': {
    title: 'the identifier of a device',
    types: ['text', 'hardware', 'uuid', 'whole', 'number', 'document'],
    masks: [],
  },
  'vehicle-numbers': { title: 'a number plate or vehicle number', types: ['text'], masks: [] },
  health: { title: 'a matter of health', types: ['text', 'document', 'enum'], masks: [] },
  'protected-traits': {
    title: 'a trait that the law protects',
    types: ['text', 'enum', 'document'],
    masks: [],
  },
  'pictures-and-biometrics': {
    title: 'a picture or measurement of a body',
    types: ['binary', 'text', 'document'],
    masks: [],
  },
  'user-names': { title: 'the name somebody logs in with', types: ['text'], masks: [] },
}

/** All kinds in the order of their table. */
export const PERSONAL_DATA_KINDS: readonly PersonalData[] = Object.keys(PERSONAL_DATA).filter(
  (word): word is PersonalData => word in PERSONAL_DATA,
)
