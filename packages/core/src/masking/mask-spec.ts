/** How a value is masked: the closed list a policy can name (see docs/policy.md). */
export type MaskSpec =
  | { readonly kind: 'redact' }
  | { readonly kind: 'null' }
  | { readonly kind: 'partial'; readonly keepFirst: number; readonly keepLast: number }
  | { readonly kind: 'email' }
  | { readonly kind: 'hash' }
  | { readonly kind: 'truncate'; readonly to: 'year' | 'month' | 'day' | 'hour' | number }
  | { readonly kind: 'constant'; readonly value: string }
