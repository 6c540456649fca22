import type { Call, Expression, Literal, OrderItem, Operation, Window } from '../../query-tree.ts'

const NO_ORDER: readonly OrderItem[] = []
const NO_WORDS: readonly string[] = []

export function operation(operator: string, operands: readonly Expression[]): Operation {
  return { kind: 'operation', operator, operands }
}

/** A call of a built-in function with nothing but arguments. */
export function call(name: string, args: readonly Expression[], words: readonly string[] = NO_WORDS): Call {
  return {
    kind: 'call',
    schema: null,
    name,
    arguments: args,
    distinct: false,
    orderBy: NO_ORDER,
    words,
    over: null,
  }
}

export function withWindow(made: Call, over: Window | null): Call {
  return over === null ? made : { ...made, over }
}

export function literal(type: Literal['type'], value: string): Literal {
  return { kind: 'literal', type, value }
}
