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
  | { readonly kind: 'hash' }
  | { readonly kind: 'truncate'; readonly to: 'year' | 'month' | 'day' | 'hour' | number }
  | { readonly kind: 'constant'; readonly value: string }
