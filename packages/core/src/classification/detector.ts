/** What can be recognised in text by its form alone, most telling first: where two overlap, the earlier one names both. */
export const DETECTORS = [
  'private_key',
  'jwt',
  'secret_key',
  'iban',
  'credit_card',
  'us_ssn',
  'email',
  'phone',
] as const

/** The name of a detector, as policies write it. */
export type Detector = (typeof DETECTORS)[number]
