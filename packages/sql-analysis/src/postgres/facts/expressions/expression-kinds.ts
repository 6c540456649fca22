/** Table: how kinds of expressions that have no reader of their own are read. */

/** Kinds that hold no value of any column. */
export const CONSTANT_KINDS: ReadonlySet<string> = new Set([
  '',
  'SQLValueFunction',
  'MergeSupportFunc',
  'SetToDefault',
  'String',
  'Integer',
  'Float',
  'Boolean',
  'BitString',
  'A_Star',
  'TypeName',
])

/** Kinds whose value is computed from every expression in them. */
export const COMPUTED_KINDS: ReadonlySet<string> = new Set([
  'XmlExpr',
  'XmlSerialize',
  'ResTarget',
  'A_Indices',
  'JsonFuncExpr',
  'JsonKeyValue',
  'JsonValueExpr',
  'JsonArgument',
  'JsonParseExpr',
  'JsonScalarExpr',
  'JsonSerializeExpr',
  'JsonObjectConstructor',
  'JsonArrayConstructor',
  'JsonArrayQueryConstructor',
  'JsonIsPredicate',
  'JsonBehavior',
  'JsonOutput',
  'JsonReturning',
  'JsonFormat',
  'JsonTablePathSpec',
])

/** Kinds that give a value whatever is in them; the others can be made to fail, or choose by what they find. */
export const TOTAL_KINDS: ReadonlySet<string> = new Set([
  'ResTarget',
  'A_Indices',
  'JsonKeyValue',
  'JsonValueExpr',
  'JsonArgument',
  'JsonScalarExpr',
  'JsonArrayConstructor',
  'JsonArrayQueryConstructor',
  'JsonIsPredicate',
  'JsonBehavior',
  'JsonOutput',
  'JsonReturning',
  'JsonFormat',
  'JsonTablePathSpec',
])
