/** What was asked. Flush has no reply and is not pushed. */
export const RequestKind = {
  /** No request: what an asynchronous message belongs to. */
  None: 0,
  Query: 1,
  FunctionCall: 2,
  Parse: 3,
  Bind: 4,
  DescribeStatement: 5,
  DescribePortal: 6,
  Execute: 7,
  Close: 8,
  Sync: 9,
  /** CopyDone or CopyFail. */
  CopyEnd: 10,
  /** Has no reply, and is not queued; but one that the server does not wait for can be what an error hits. */
  CopyData: 11,
} as const
/** One of the numbers of `RequestKind`. */
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind]

/** What a backend message means for the request that it answers. */
export const Reply = {
  /** NoticeResponse, ParameterStatus, NotificationResponse: answers nothing. */
  Asynchronous: 0,
  /** More follows for the same request. */
  Part: 1,
  /** A statement of a simple Query, or a FunctionCall, has its result; another statement or ReadyForQuery follows. */
  StatementDone: 2,
  /** The request is answered in full. */
  Done: 3,
  /** ErrorResponse to the request (to none: to what was sent since the last Sync). In the extended protocol what follows it is skipped until the next Sync. */
  Error: 4,
  /** ErrorResponse when nothing was asked: the server says why it ends the connection. */
  Fatal: 5,
  /** ReadyForQuery: a Query, a FunctionCall or a Sync is over. */
  Ready: 6,
} as const
/** One of the numbers of `Reply`. */
export type Reply = (typeof Reply)[keyof typeof Reply]
