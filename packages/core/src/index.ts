export { isLoopbackHost } from './auth/loopback.ts'
export { Secret } from './auth/secret.ts'
export type { Principal } from './auth/principal.ts'

export type {
  Access,
  Action,
  Beneath,
  ColumnName,
  ColumnType,
  ColumnWrite,
  CopyOut,
  CopyStream,
  DecidingColumn,
  Dependence,
  FunctionName,
  FunctionTrust,
  FunctionUse,
  LineageSource,
  MysqlDialect,
  OutputColumn,
  RelationName,
  SettingUse,
  StatementFacts,
  TemporaryTable,
  TextFacts,
} from './statement/facts.ts'
export type { Reading, Unreadable } from './statement/reading.ts'

export { parsePolicy } from './policy/parse-policy.ts'
export type { ParsedPolicy } from './policy/parse-policy.ts'
export { unknownMaskingKeys } from './policy/unknown-masking-keys.ts'
export type { PolicyProblem } from './policy/yaml-source.ts'
export type { Policy } from './policy/policy.ts'
export type { EngineName } from './policy/name-pattern.ts'
export { anyMatches } from './policy/principal-match.ts'
export { explain } from './policy/explain.ts'
export { lintPolicy } from './policy/lint-policy.ts'
export type { KnownObjects, PolicyWarning } from './policy/lint-policy.ts'
export { classifiersOfColumn, masksOfColumn } from './policy/rules-of-column.ts'
export { parsePolicyTests } from './policy/policy-test-file.ts'
export type { ParsedPolicyTests, PolicyTestCase } from './policy/policy-test-file.ts'
export { runPolicyTests } from './policy/policy-test.ts'
export type { PolicyTestResult, ReadStatements } from './policy/policy-test.ts'
export type { Classifier } from './policy/classifier.ts'
export type { Authority } from './policy/authority.ts'
export type { ApprovalNeed, AskingRule } from './policy/approval-need.ts'
export type { Approvers } from './policy/policy-document.ts'
export type { Decision, Denial, DenialCode, Obligations, OutputMask } from './policy/decision.ts'

export type { MaskSpec } from './masking/mask-spec.ts'
export { checkMask, compileCellMask, maskEffect } from './masking/compile-cell-mask.ts'
export { MaskingKeys } from './masking/masking-keys.ts'
export { MaskNotApplicable } from './masking/cell-mask.ts'
export type { CellMask } from './masking/cell-mask.ts'
export { appendBytes, GrowableOutput } from './masking/cell-output.ts'
export type { CellOutput } from './masking/cell-output.ts'
export type { CellFormat, ValueType } from './masking/value-type.ts'
export { checkMysqlMask, compileMysqlCellMask, mysqlMaskEffect } from './masking/mysql/compile-mysql-cell-mask.ts'
export { appendLengthEncodedCell } from './masking/mysql/length-encoded-cell.ts'
export { mysqlColumnTypeOf } from './masking/mysql/declared-type.ts'
export type { MysqlCellFormat, MysqlColumnType } from './masking/mysql/column-type.ts'

export type { ClassifiedType } from './classification/compile-classify-mask.ts'
export { holdsElements } from './classification/classified-types.ts'
export { DETECTORS } from './classification/detector.ts'
export type { Detector } from './classification/detector.ts'
export { withoutSecrets } from './classification/secret-text.ts'
export { TextScanner } from './classification/text-scanner.ts'

export { AUDIT_FORMAT_VERSION, RECORD_KINDS } from './audit/record.ts'
export type {
  AuditedEngine,
  LoginKind,
  AuditedParameter,
  AuditedSession,
  AuditRecord,
  RecordedChunk,
  RecordedRemoval,
  RecordKind,
} from './audit/record.ts'
export { NO_PART, RecordPart } from './audit/record-part.ts'
export { jsonText } from './audit/json-text.ts'
export { DEFAULT_RECORD_LIMITS } from './audit/encode-statement.ts'
export type { RecordLimits } from './audit/encode-statement.ts'
export { DEFAULT_REDACTION } from './audit/record-redactor.ts'
export type { RecordableStatement, RedactionSettings } from './audit/record-redactor.ts'
export {
  encodeAdminAction,
  encodeApprovalAsked,
  encodeApprovalDecided,
  encodeApprovalEnded,
} from './audit/encode-approval.ts'
export type { AdminAction, AskedApproval, DecidedApproval, RecordedPrincipal } from './audit/encode-approval.ts'
export {
  encodeAlarm,
  encodeDatabaseRetention,
  encodeLoginRefused,
  encodePolicyLoaded,
  encodeRecording,
  encodeRetention,
  encodeSessionEnd,
  encodeSessionPart,
  encodeSessionStart,
} from './audit/encode-record.ts'
export type { SessionPart, ShownCertificate } from './audit/encode-record.ts'

export { Approved, clear } from './approval/approved.ts'
export type { Permission } from './approval/approved.ts'
export { doingsOf, grantCovers, objectName } from './approval/grant.ts'
export type { Grant, GrantCover, GrantedStatement } from './approval/grant.ts'
export { approvalRequest } from './approval/approval-request.ts'
export type { ApprovalRequest, ShownStatement } from './approval/approval-request.ts'
export { mayDecide } from './approval/may-decide.ts'
export type { ApproverRequirement, DecidableRequest, NotAnApprover } from './approval/may-decide.ts'
export { riskOf } from './approval/risk.ts'
export { textAsksInClear } from './statement/clear-wish.ts'
export { requestKey } from './approval/request-key.ts'
export type { AskedStatement, SessionSettings } from './approval/request-key.ts'

export type { Admission, StatementMoments } from './enforcement/admission.ts'
export type { GateClock, GateSession } from './enforcement/gate-session.ts'
export { maskedColumns } from './enforcement/judgement.ts'
export type { Judgement } from './enforcement/judgement.ts'
export { Gate } from './enforcement/gate.ts'
export type { StatementObserver } from './enforcement/statement-observer.ts'
export type { StatementWatch } from './enforcement/statement-watch.ts'
export { TrailUnavailable } from './enforcement/ports.ts'
export type { AuditTrail, PolicySource, StatementReader } from './enforcement/ports.ts'
export { RateLimiter } from './enforcement/rate-limit.ts'
export type { Rates, RateWindow } from './enforcement/rate-limit.ts'
export {
  approvalCoolingDown,
  approvalPending,
  approvalRefused,
  approvalTimedOut,
  approvalUnavailable,
  approvalVoided,
  tooManyApprovals,
} from './enforcement/approval-refusals.ts'
export { gatewayRefusal } from './enforcement/refusal.ts'
export type { Refusal, RefusalCode } from './enforcement/refusal.ts'
