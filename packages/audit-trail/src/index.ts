export type { ChainHead } from './chain/chain-walk.ts'
export { CheckpointPublisher, fileSink, webhookSink } from './seals/checkpoint-publisher.ts'
export type { CheckpointSink } from './seals/checkpoint-publisher.ts'
export { postJson } from './post-json.ts'
export { replaceByLine } from './replace-by-line.ts'
export { readRecords } from './chain/read-records.ts'
export type { RecordWish } from './chain/read-records.ts'
export { trailDirectories, workerTrail } from './chain/trail-directories.ts'
export { readTrailId, trailIdOf } from './chain/trail-id.ts'
export { segmentName } from './chain/segment-names.ts'
export { findCutSessions } from './writing/cut-sessions.ts'
export type { CutSession } from './writing/cut-sessions.ts'
export type { TrailState } from './writing/trail-state.ts'
export type { Unended } from './writing/unended.ts'
export { TrailWriter } from './writing/trail-writer.ts'
export type { TrailOptions } from './writing/trail-options.ts'
export { parseCheckpoint } from './seals/checkpoint.ts'
export type { FoundCheckpoint } from './seals/checkpoint.ts'
export { makeKeyPair, readSigningKey, readVerifyingKeys } from './seals/signing-key.ts'
export type { KeyPair, SigningKey, VerifyingKeys } from './seals/signing-key.ts'
export { verifyTrail } from './verification/verify.ts'
export type { TrailBreak, TrailStart, VerifyOptions, VerifyReport } from './verification/verify.ts'
export { RecordingFiles, verifyRecordings } from './recording/recording-chunks.ts'
export type { RecordingsReport } from './recording/recording-chunks.ts'
export { chunkOf } from './recording/recorded-chunk.ts'
export { readEntries } from './recording/recording-entries.ts'
export type { RecordedEntry } from './recording/recording-entries.ts'
export { Recorder } from './recording/recorder.ts'
export type { RecorderOptions } from './recording/recorder.ts'
export { SessionRecording } from './recording/session-recording.ts'
export type { RecordingCaps } from './recording/session-recording.ts'
export { DirectoryIndex, MAX_PAGE_RECORDS } from './search/directory-index.ts'
export { TrailMissing } from './search/trail-files.ts'
export { ShippingAlarm } from './shipping/destination.ts'
export type { RecordDestination, SegmentDestination, ShippedRecord, TrailIdentity } from './shipping/destination.ts'
export { Shipping } from './shipping/shipping.ts'
export type { ShippingLog, ShippingOptions } from './shipping/shipping.ts'
export type { ShippingPlaces } from './shipping/shipping-places.ts'
export type { DestinationState, ShippedThrough, ShippingState } from './shipping/shipping-state.ts'
export { BadCursor, FACETS, STATEMENT_OUTCOMES } from './search/trail-index.ts'
export type {
  Counted,
  CountedShape,
  Facet,
  FoundRecord,
  PageWish,
  StatementOutcome,
  TimeBucket,
  TrailIndex,
  TrailPage,
  TrailQuery,
  TrailSummary,
} from './search/trail-index.ts'
export { eventText } from './siem/event-text.ts'
export { ocsfEvent } from './siem/ocsf-event.ts'
export type { OcsfEvent, OcsfMetadata } from './siem/ocsf-frame.ts'
export { SyslogDestination } from './siem/syslog-destination.ts'
export type { SyslogOptions } from './siem/syslog-destination.ts'
export { WebhookDestination } from './siem/webhook-destination.ts'
export type { WebhookOptions } from './siem/webhook-destination.ts'
export { databaseAddressFault } from './postgres/database-address.ts'
export type { HeldNames } from './retention/held-names.ts'
export { Retention } from './retention/retention.ts'
export type { RetentionAges, RetentionOptions, RetentionReport } from './retention/retention.ts'
