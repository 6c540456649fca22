/** How a value is masked: the closed list a policy can name (see docs/policy.md). */
export type MaskSpec =
  | { readonly kind: 'redact' }
  /**
   * As `redact`, but NULL is hidden as well and nothing of an array's shape is kept: for values computed from masked ones,
   * where NULL or a length can be made to answer a question (`NULLIF(ssn, '…')`). No policy names it.
   */
  | { readonly kind: 'withhold' }
  | { readonly kind: 'null' }
  | { readonly kind: 'partial'; readonly keepFirst: number; readonly keepLast: number }
  | { readonly kind: 'email' }
  /** `key`: the id of a masking key; absent: the current one. */
  | { readonly kind: 'hash'; readonly key?: string }
  /** Values are exchanged within `domain`: equal ones line up in every column that names the same. `key` as of `hash`. */
  | { readonly kind: 'pseudonym'; readonly domain: string; readonly key?: string }
  | { readonly kind: 'truncate'; readonly to: 'year' | 'month' | 'day' | 'hour' | number }
  | { readonly kind: 'constant'; readonly value: string }
